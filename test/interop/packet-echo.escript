#!/usr/bin/env escript
%% Echoes what `gen_tcp` takes for a packet of this type: 1, 2, 4, line, tpkt, asn1.
%% It writes the port on standard output, and ends by itself after a minute.
-mode(compile).

-define(LIFETIME_MS, 60000).

main([Type]) ->
    {ok, _} = timer:apply_after(?LIFETIME_MS, erlang, halt, [3]),
    Options = [binary, {ip, {127, 0, 0, 1}}, {packet, packet(Type)}, {active, false}, {nodelay, true}],
    {ok, Listener} = gen_tcp:listen(0, [{recbuf, 1048576}, {buffer, 1048576} | Options]),
    {ok, Port} = inet:port(Listener),
    io:format("listening ~b~n", [Port]),
    {ok, Socket} = gen_tcp:accept(Listener),
    echo(Socket, 0).

packet("line") -> line;
packet("tpkt") -> tpkt;
packet("asn1") -> asn1;
packet(Bytes) -> list_to_integer(Bytes).

echo(Socket, Count) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Packet} ->
            ok = gen_tcp:send(Socket, Packet),
            echo(Socket, Count + 1);
        {error, Reason} ->
            io:format("ended after ~b: ~p~n", [Count, Reason])
    end.
