# SPDX-License-Identifier: Apache-2.0
"""A way to a broker on which requests and answers get lost, are held up, or break off.

A TCP proxy that knows as much of Kafka's protocol as it needs: each frame begins with its length;
a request goes on with the number of what it asks for, its version and a number of its own, and the
answer begins with that number. What goes wrong, goes wrong with the next request of one kind.
"""

import asyncio
import struct
import threading

from broker import free_ports

APIS = {"Produce": 0, "Fetch": 1, "OffsetFetch": 9, "FindCoordinator": 10, "JoinGroup": 11,
        "InitProducerId": 22, "AddPartitionsToTxn": 24, "AddOffsetsToTxn": 25, "EndTxn": 26, "TxnOffsetCommit": 28}
FAULTS = ("request lost", "request broken off", "answer lost", "held up")


class Fault:
    """What is to happen once; .happened is set when it has."""

    def __init__(self, api, kind, seconds):
        assert kind in FAULTS
        self.api, self.kind, self.seconds = APIS[api], kind, seconds
        self.happened = threading.Event()


class Detour:
    """Listens on .port; leads to TARGET, a port of the loopback, once it is started."""

    def __init__(self):
        self.port, = free_ports(1)
        self.target = None
        self.fault = None
        self.writers = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def start(self, target):
        self.target = target
        self.thread.start()
        self._call(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        return self

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def stop(self):
        if not self.thread.is_alive():
            return
        self._call(self._cut_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def arm(self, api, kind, seconds=0.0):
        """The next request of this API meets with it."""
        self.fault = Fault(api, kind, seconds)
        return self.fault.happened

    def cut_all(self):
        """Ends all connections there are."""
        self._call(self._cut_all())

    async def _cut_all(self):
        for writer in list(self.writers):
            writer.transport.abort()

    async def _serve(self, reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, there_writer}
        self.writers |= ends
        unanswered = set()  # whose answers get lost
        ways = [asyncio.ensure_future(self._requests(reader, there_writer, unanswered)),
                asyncio.ensure_future(self._answers(there_reader, writer, unanswered))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in ends:
            end.transport.abort()
        self.writers -= ends

    async def _requests(self, reader, writer, unanswered):
        while True:
            frame = await read_frame(reader)
            api, _, number = struct.unpack_from(">hhi", frame, 4)
            fault = self.fault
            if fault and fault.api == api:
                self.fault = None
                if fault.kind == "answer lost":
                    unanswered.add((number, fault))
                else:
                    fault.happened.set()
                if fault.kind == "request broken off":
                    writer.write(frame[:len(frame) // 2])
                    await writer.drain()
                if fault.kind in ("request lost", "request broken off"):
                    return
                await asyncio.sleep(fault.seconds)
            writer.write(frame)
            await writer.drain()

    async def _answers(self, reader, writer, unanswered):
        while True:
            frame = await read_frame(reader)
            number, = struct.unpack_from(">i", frame, 4)
            for each, fault in unanswered:
                if each == number:
                    fault.happened.set()
                    return
            writer.write(frame)
            await writer.drain()


async def read_frame(reader):
    """The next frame with its length; an end of the connection ends who waits for it."""
    head = await reader.readexactly(4)
    return head + await reader.readexactly(struct.unpack(">i", head)[0])
