#!/usr/bin/env escript
%% A peer that speaks frames as Erlang itself does: `gen_tcp` with `{packet, 2}`, two bytes of length, big endian.
%% It tells on standard output what it sees, one line each, and ends by itself after a minute.
%%
%%   echo-listen                      accepts one connection after another and sends back what comes
%%   echo-dial   ADDRESS PORT SOURCE  dials, and sends back what comes
%%   ask         ADDRESS PORT N SEED  sends N random messages and compares what comes back
%%   wrap        ADDRESS PORT         sends 65 536 bytes, one too many for the header, then `after`
-mode(compile).

-define(LIFETIME_MS, 60000).
-define(OPTIONS, [binary, {packet, 2}, {active, false}, {nodelay, true}]).

main(Arguments) ->
    {ok, _} = timer:apply_after(?LIFETIME_MS, erlang, halt, [3]),
    run(Arguments).

run(["echo-listen"]) ->
    {ok, Listener} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}} | ?OPTIONS]),
    {ok, Port} = inet:port(Listener),
    say("listening ~b", [Port]),
    accept(Listener);
run(["echo-dial", Address, Port, Source]) ->
    {ok, Ip} = inet:parse_address(Source),
    echo(dial(Address, Port, [{ip, Ip}]));
run(["ask", Address, Port, Count, Seed]) ->
    rand:seed(exsss, list_to_integer(Seed)),
    Messages = [random_message() || _ <- lists:seq(1, list_to_integer(Count))],
    Socket = dial(Address, Port, []),
    spawn_link(fun() -> [ok = gen_tcp:send(Socket, Message) || Message <- Messages] end),
    Bytes = compare(Socket, Messages, 0),
    say("matched ~b messages of ~b bytes", [length(Messages), Bytes]);
run(["wrap", Address, Port]) ->
    Socket = dial(Address, Port, []),
    say("sending 65536 bytes: ~p", [gen_tcp:send(Socket, binary:copy(<<1>>, 65536))]),
    say("sending on: ~p", [gen_tcp:send(Socket, <<"after">>)]),
    say("ended: ~p", [gen_tcp:recv(Socket, 0)]).

dial(Address, Port, Options) ->
    {ok, Ip} = inet:parse_address(Address),
    {ok, Socket} = gen_tcp:connect(Ip, list_to_integer(Port), Options ++ ?OPTIONS),
    say("connected", []),
    Socket.

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    say("connected", []),
    echo(Socket),
    accept(Listener).

echo(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Payload} ->
            say("frame ~b ~b", [byte_size(Payload), erlang:crc32(Payload)]),
            ok = gen_tcp:send(Socket, Payload),
            echo(Socket);
        {error, Reason} ->
            say("ended: ~p", [Reason]),
            gen_tcp:close(Socket)
    end.

%% Mostly small, some of any size that the header can say.
random_message() ->
    Size = case rand:uniform(20) of
        1 -> rand:uniform(65536) - 1;
        _ -> rand:uniform(300) - 1
    end,
    rand:bytes(Size).

compare(_, [], Bytes) ->
    Bytes;
compare(Socket, [Message | Rest], Bytes) ->
    {ok, Message} = gen_tcp:recv(Socket, 0),
    compare(Socket, Rest, Bytes + byte_size(Message)).

say(Format, Arguments) ->
    io:format(Format ++ "~n", Arguments).
