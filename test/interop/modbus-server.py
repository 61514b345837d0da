"""A Modbus TCP server of pymodbus on a free port. Holding register 1 + n contains 7 * n."""

import asyncio

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusTcpServer

LIFETIME_S = 60
REGISTERS = 1000


async def main():
    block = ModbusSequentialDataBlock(1, [7 * number for number in range(REGISTERS)])
    slave = ModbusSlaveContext(di=block, co=block, hr=block, ir=block)
    server = ModbusTcpServer(ModbusServerContext(slaves=slave, single=True), address=("127.0.0.1", 0))
    serving = asyncio.ensure_future(server.serve_forever())
    await asyncio.wait_for(server.serving, LIFETIME_S)
    print("listening", server.server.sockets[0].getsockname()[1], flush=True)
    await asyncio.wait_for(serving, LIFETIME_S)


asyncio.run(main())
