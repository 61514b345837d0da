import { ManualClock, SeededRandom, SimulatedDisk } from '@commloop/testing'
import { storageCompliance } from '@commloop/testing/compliance'

storageCompliance(
  'SimulatedDisk',
  () => {
    const clock = new ManualClock()
    const disk = new SimulatedDisk(clock, new SeededRandom(1))
    return {
      storage: disk,
      other: disk,
      pass: () => {
        clock.advance(10_000)
      },
      powerOff: () => {
        disk.powerOff()
      },
    }
  },
  { canCutPower: true },
)
