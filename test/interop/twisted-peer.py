"""Echoes messages with the framings of Twisted, or sends messages and compares what comes back.

    serve FRAMING              listens
    ask FRAMING PORT COUNT     sends messages of up to 5,000 bytes
"""

import os
import sys

from twisted.internet import endpoints, protocol, reactor
from twisted.protocols import basic

FRAMINGS = {
    "netstring": (basic.NetstringReceiver, "stringReceived", "sendString"),
    "int8": (basic.Int8StringReceiver, "stringReceived", "sendString"),
    "int16": (basic.Int16StringReceiver, "stringReceived", "sendString"),
    "int32": (basic.Int32StringReceiver, "stringReceived", "sendString"),
    "line": (basic.LineReceiver, "lineReceived", "sendLine"),
}
LIFETIME_S = 60


def echo(base, received, send):
    return type("Echo", (base,), {received: lambda self, message: getattr(self, send)(message)})


def asker(base, received, send, messages):
    def compare(self, message):
        assert message == messages[self.answers], (self.answers, message)
        self.answers += 1
        if self.answers == len(messages):
            print("echoed", self.answers, flush=True)
            self.transport.loseConnection()

    def begin(self):
        for message in messages:
            getattr(self, send)(message)

    return type("Asker", (base,), {received: compare, "connectionMade": begin, "answers": 0})


def main(what, framing, port=0, count=0):
    parts = FRAMINGS[framing]
    reactor.callLater(LIFETIME_S, reactor.stop)
    factory = protocol.Factory()
    if what == "serve":
        factory.protocol = echo(*parts)
        listening = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(factory)
        listening.addCallback(lambda at: print("listening", at.getHost().port, flush=True))
    else:
        size = 255 if framing == "int8" else 5000
        noise = [os.urandom(number * 37 % size + 1) for number in range(int(count))]
        messages = [each.replace(b"\r", b"-") for each in noise] if framing == "line" else noise
        client = protocol.ClientFactory()
        client.protocol = asker(*parts, messages)
        reactor.connectTCP("127.0.0.1", int(port), client)
    reactor.run()


main(*sys.argv[1:])
