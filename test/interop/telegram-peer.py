"""A plant program whose telegrams have a header of 40 characters. It writes what it sees on standard output.

    serve OWN               listens; echoes each telegram, and sends OWN telegrams of its own on each connection
    dial PORT LINKS COUNT   opens LINKS connections, sends COUNT telegrams on each, and expects each of them back

It cuts its writes at random places, from one byte to several telegrams. It closes a connection on a telegram without a
body, on a telegram of more than 9999 bytes, and on a header that is wrong.
"""

import os
import queue
import random
import re
import socket
import sys
import threading
import time

HEADER_BYTES = 40
TELEGRAM_BYTES_MAX = 9999
BODY_BYTES_MAX = 9949
LIFETIME_S = 60
HEADER = re.compile(rb"(\d{4})([A-Z0-9]{4})(\d{8})(\d{6})(L2)(L3)(\d{6})( {8})")

print_lock = threading.Lock()


def say(*words):
    with print_lock:
        print(*words, flush=True)


def body_of(number):
    """The same bytes as in the test: every value occurs, and the sizes go from 1 to 9949."""
    size = (1, BODY_BYTES_MAX)[number] if number < 2 else 1 + number * 2_654_435_761 % 2**32 % BODY_BYTES_MAX
    return bytes((number * 7 + at * 13 + at // 256) % 256 for at in range(size))


class Refused(Exception):
    pass


class Connection:
    """Reads in the thread that calls `telegrams`, and writes in a thread of its own."""

    def __init__(self, stream, seed):
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = stream
        self.random = random.Random(seed)
        self.sequence = 0
        self.unwritten = queue.Queue()
        self.writer = threading.Thread(target=self.write_all, daemon=True)
        self.writer.start()

    def send(self, telegram_id, body):
        self.sequence += 1
        made = time.strftime("%Y%m%d%H%M%S")
        length = HEADER_BYTES + len(body)
        header = f"{length:04d}{telegram_id}{made}L3L2{self.sequence:06d}{'':8}"
        self.unwritten.put(header.encode("ascii") + body)

    def write_all(self):
        waiting = b""
        while True:
            if not waiting:
                waiting = self.unwritten.get()
            while not self.unwritten.empty() and self.random.random() < 0.5:
                waiting += self.unwritten.get()
            most = self.random.choice((1, 3, HEADER_BYTES, 1000, 30_000))
            cut = self.random.randint(1, most)
            try:
                self.stream.sendall(waiting[:cut])
                waiting = waiting[cut:] if most > 3 else self.after_small_cut(waiting[cut:])
            except OSError:
                return

    def after_small_cut(self, waiting):
        """A telegram of thousands of bytes in single bytes would take too long: a few of them, and then the rest."""
        if len(waiting) > HEADER_BYTES:
            at = self.random.randint(1, HEADER_BYTES)
            for each in range(at):
                self.stream.sendall(waiting[each : each + 1])
            self.stream.sendall(waiting[at:])
            return b""
        return waiting

    def telegrams(self):
        bytes_read = b""
        last = 0
        while True:
            while len(bytes_read) < HEADER_BYTES:
                chunk = self.stream.recv(65536)
                if not chunk:
                    if bytes_read:
                        raise Refused(f"end within a header: {bytes_read!r}")
                    return
                bytes_read += chunk
            found = HEADER.match(bytes_read)
            if found is None:
                raise Refused(f"wrong header {bytes_read[:HEADER_BYTES]!r}")
            length = int(found[1])
            if length == HEADER_BYTES:
                raise Refused("empty body")
            if length < HEADER_BYTES or length > TELEGRAM_BYTES_MAX:
                raise Refused(f"length {length}")
            time.strptime((found[3] + found[4]).decode(), "%Y%m%d%H%M%S")
            sequence = int(found[7])
            if sequence <= last:
                raise Refused(f"sequence {sequence} after {last}")
            last = sequence
            while len(bytes_read) < length:
                chunk = self.stream.recv(65536)
                if not chunk:
                    raise Refused("end within a body")
                bytes_read += chunk
            yield found[2].decode(), sequence, bytes_read[HEADER_BYTES:length]
            bytes_read = bytes_read[length:]

    def close(self):
        self.stream.close()


def echo(stream, number, own):
    connection = Connection(stream, number)
    received = 0
    try:
        for each in range(own):
            connection.send("OWN0", body_of(each))
        for _, _, body in connection.telegrams():
            received += 1
            connection.send("ECHO", body)
        say("ended", number, received)
    except (Refused, OSError) as problem:
        say("closed", number, received, problem)
    finally:
        connection.close()


def serve(own):
    with socket.create_server(("127.0.0.1", 0)) as server:
        say("listening", server.getsockname()[1])
        number = 0
        while True:
            stream, _ = server.accept()
            threading.Thread(target=echo, args=(stream, number, own), daemon=True).start()
            number += 1


def ask(port, number, count, failures):
    connection = Connection(socket.create_connection(("127.0.0.1", port)), number)
    for each in range(count):
        connection.send(f"S{number:03d}", body_of(each))
    received = 0
    sequences = []
    try:
        for _, sequence, body in connection.telegrams():
            if body != body_of(received):
                raise Refused(f"telegram {received} has another body")
            sequences.append(sequence)
            received += 1
            if received == count:
                break
    except (Refused, OSError) as problem:
        failures.append(f"connection {number}: {problem}")
    # A telegram that is doubled would come now.
    connection.stream.settimeout(0.5)
    try:
        if received == count and connection.stream.recv(1):
            failures.append(f"connection {number}: more than {count} telegrams")
    except TimeoutError:
        pass
    connection.close()
    say("sequences", *sequences)
    if received != count:
        failures.append(f"connection {number}: {received} of {count}")


def dial(port, links, count):
    failures = []
    threads = [threading.Thread(target=ask, args=(port, each, count, failures)) for each in range(links)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        say("failure", failure)
    sys.exit(1 if failures else 0)


# A test that fails must not leave this program running.
lifetime = threading.Timer(LIFETIME_S, os._exit, [3])
lifetime.daemon = True
lifetime.start()
if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    dial(*(int(word) for word in sys.argv[2:]))
