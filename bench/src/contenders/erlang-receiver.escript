#!/usr/bin/env escript
%% Receives frames as Erlang itself cuts them, `gen_tcp` with `{packet, 2}`, and checks what the sink of the others
%% checks. Told on standard input, one line a run: PAYLOAD_BYTES MESSAGES CYCLE. Says `port N`, `ready`, and at the end
%% of a run `done MISPLACED CHECKSUM`.
-mode(compile).

main([]) ->
    {ok, Listener} = gen_tcp:listen(0, [binary, {packet, 2}, {active, false}, {ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Listener),
    io:format("port ~b~n", [Port]),
    {ok, Socket} = gen_tcp:accept(Listener),
    runs(Socket).

runs(Socket) ->
    case io:fread("", "~d ~d ~d") of
        {ok, [Bytes, Messages, Cycle]} ->
            io:format("ready~n"),
            inet:setopts(Socket, [{active, 100}]),
            {Misplaced, Checksum} = receive_all(Socket, Bytes, Messages, Cycle, 0, 0, 0),
            inet:setopts(Socket, [{active, false}]),
            io:format("done ~b ~b~n", [Misplaced, Checksum]),
            runs(Socket);
        eof ->
            ok
    end.

receive_all(_, _, 0, _, _, Misplaced, Checksum) ->
    {Misplaced, Checksum};
receive_all(Socket, Bytes, Left, Cycle, Place, Misplaced, Checksum) ->
    receive
        {tcp, Socket, <<Found:16/little, _/binary>> = Payload} ->
            Wrong = case Found =:= Place andalso byte_size(Payload) =:= Bytes of
                true -> 0;
                false -> 1
            end,
            Next = case Place + 1 of
                Cycle -> 0;
                Other -> Other
            end,
            Last = binary:last(Payload),
            receive_all(Socket, Bytes, Left - 1, Cycle, Next, Misplaced + Wrong, Checksum + Last);
        {tcp_passive, Socket} ->
            inet:setopts(Socket, [{active, 100}]),
            receive_all(Socket, Bytes, Left, Cycle, Place, Misplaced, Checksum)
    end.
