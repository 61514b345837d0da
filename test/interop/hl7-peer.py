"""Sends or answers HL7 messages with the MLLP of python3-hl7, and writes what it sees on standard output.

    serve               listens, and answers each message with its acknowledgement
    ask PORT COUNT      sends messages and compares what the acknowledgements acknowledge
"""

import asyncio
import sys

import hl7
from hl7.mllp import open_hl7_connection, start_hl7_server

LIFETIME_S = 60


def message(number):
    note = "\r".join(f"OBX|{line}|TX|note||{'é' * (line * number % 400)}" for line in range(number % 7))
    return hl7.parse(f"MSH|^~\\&|LAB|A|HIS|B|20250929101112||ORU^R01|{number}|P|2.5\r{note}\r")


async def answer(reader, writer):
    try:
        while not reader.at_eof():
            received = await reader.readmessage()
            print("message", received.segment("MSH")(10), len(str(received)), flush=True)
            writer.writemessage(received.create_ack())
            await writer.drain()
    except asyncio.IncompleteReadError:
        pass
    print("ended", flush=True)


async def serve():
    server = await start_hl7_server(answer, host="127.0.0.1", port=0, encoding="utf-8")
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def ask(port, count):
    reader, writer = await open_hl7_connection("127.0.0.1", port, encoding="utf-8")
    for number in range(count):
        writer.writemessage(message(number))
        await writer.drain()
        ack = await reader.readmessage()
        assert str(ack.segment("MSA")(2)) == str(number), str(ack)
    print("acknowledged", count, flush=True)
    writer.close()


async def main():
    what, *rest = sys.argv[1:]
    await asyncio.wait_for(serve() if what == "serve" else ask(*map(int, rest)), LIFETIME_S)


asyncio.run(main())
