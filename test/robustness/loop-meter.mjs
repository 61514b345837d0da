// node --import loop-meter.mjs …: writes the longest work between two turns of the event loop to the file LOOP_METER names, in
// milliseconds of CPU time of the main thread, so that other processes and the threads of this one do not count.
import { readFileSync, writeFileSync } from 'node:fs'
import { setInterval } from 'node:timers'
import { isMainThread } from 'node:worker_threads'

const file = process.env.LOOP_METER
const TURN_MS = 5

function threadMs() {
  return (
    Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ', 1)[0]) / 1e6
  )
}

if (isMainThread && file !== undefined) {
  let last = threadMs()
  let longest = 0
  setInterval(() => {
    const now = threadMs()
    if (now - last > longest) {
      longest = now - last
      writeFileSync(file, String(longest))
    }
    last = threadMs()
  }, TURN_MS).unref()
  // A new measurement.
  process.on('SIGUSR2', () => {
    last = threadMs()
    longest = 0
    writeFileSync(file, '0')
  })
}
