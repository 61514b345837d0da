import { deafPeers } from '../faults/deaf-peers.js'
import { silentDeviceFigure } from '../faults/silent-device.js'
import { strangerStorm } from '../faults/stranger-storm.js'
import { digits, type Figure, megabytes } from './figure.js'
import { provenByTests } from './proven-by-tests.js'

const RATIO_MIN = 0.8
const GROWTH_BYTES_MAX = 20e6
const ECHO_MS_MAX = 50
const HANDSHAKE_MS_MAX = 500

export const HOSTILE_PEER_FIGURES: readonly Figure[] = [
  {
    id: 'B9',
    sentence:
      'Strangers are rejected about as fast as a bare server resets them, in constant memory',
    target:
      'at least 0.8 of the bare rate of the same run, growth below 20 MB, echo of a listed peer below 50 ms (p99)',
    world: 'real sockets',
    needs: undefined,
    timed: true,
    run: async (size) => {
      const short = { seconds: 1, concurrency: 8, warmSeconds: 0.2 }
      const storm = await strangerStorm(size === 'short' ? short : {})
      const rates = `${digits(storm.refusalsPerS)} of ${digits(storm.bareRefusalsPerS)} per s (${digits(storm.ratio, 2)})`
      const growth = `growth ${megabytes(storm.residentGrowthBytes)}`
      const echo = `echo ${digits(storm.echoMsP99, 1)} ms, without strangers ${digits(storm.calmEchoMsP99, 1)} ms`
      return {
        measured: [rates, growth, echo, `${digits(storm.counted)} counted`].join(', '),
        held:
          storm.ratio >= RATIO_MIN &&
          storm.residentGrowthBytes < GROWTH_BYTES_MAX &&
          storm.echoMsP99 < ECHO_MS_MAX &&
          storm.counted === storm.refused &&
          storm.failed === 0,
      }
    },
  },
  {
    id: 'B10',
    sentence:
      'With too few descriptors, 1,000 callers cost no listed link its connection or its redial',
    target:
      'no listed link lost, a link that breaks during the test comes up again, fewer than 100 log lines',
    world: 'processes',
    needs: 'prlimit',
    timed: false,
    run: provenByTests(['test/robustness/descriptors.test.ts']),
  },
  {
    id: 'B14',
    sentence: 'A peer that never reads costs only its outbox, and every message has one outcome',
    target: 'per link at most outbox + 2 frames + 10 %, 0 messages without exactly one outcome',
    world: 'real sockets',
    needs: undefined,
    timed: false,
    run: async (size) => {
      const peers = await deafPeers({ links: size === 'short' ? 2 : 16 })
      const perLink = `${megabytes(peers.bytesPerLink)} of ${megabytes(peers.bytesPerLinkMax)} per link`
      const outcomes = `${digits(peers.outcomes)} outcomes of ${digits(peers.accepted)} messages`
      return {
        measured: `${perLink}, ${outcomes}, ${String(peers.unaccounted)} wrong`,
        held:
          peers.bytesPerLink <= peers.bytesPerLinkMax &&
          peers.outcomes === peers.accepted &&
          peers.unaccounted === 0 &&
          peers.refused > 0,
      }
    },
  },
  {
    id: 'B37',
    sentence:
      'One silent device that opens 50 TLS connections a second does not keep another listed peer out',
    target: 'each of 72 connections of the peer gets in, its handshake within 500 ms',
    world: 'real sockets',
    needs: 'openssl',
    timed: true,
    run: async (size) => {
      const short = { dials: 8, aloneMs: 200 }
      const full = { dials: 72, aloneMs: 3_000 }
      const { dials } = size === 'short' ? short : full
      const { succeeded, msMax, opened } = await silentDeviceFigure(size === 'short' ? short : full)
      return {
        measured: `${digits(succeeded)} of ${digits(dials)}, at most ${digits(msMax)} ms, beside ${digits(opened)} silent connections`,
        held: succeeded === dials && msMax <= HANDSHAKE_MS_MAX,
      }
    },
  },
]
