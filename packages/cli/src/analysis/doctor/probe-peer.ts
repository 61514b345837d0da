import { connect } from 'node:net'
import {
  type ActiveEntryConfig,
  addressText,
  type FrameCodec,
  FIRST_BYTES_MAX,
} from '@commloop/core'
import { type DoctorFinding, doctorFinding } from './doctor-finding.js'

const CONNECT_MS_MAX = 5_000
/** A peer that speaks first does so at once; one that does not is no finding. */
const LISTEN_MS_MAX = 1_000

const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'The machine is there, and nobody listens at this port: start the peer, or correct the port.',
  EHOSTUNREACH:
    'No way leads there, or the machine is switched off: look at cable, address and routes.',
  ENETUNREACH: 'This machine has no route to that network.',
  EADDRNOTAVAIL: 'The address under "bind" is none of this machine.',
}
const SILENT =
  'The machine is switched off, its address is another, or a firewall drops what is sent.'

interface Trial {
  /** Our own address, as the peer sees it. */
  readonly from: string | undefined
  readonly opening: Uint8Array
  readonly problem: { readonly code: string; readonly message: string } | undefined
  /** The peer has closed within the time. */
  readonly closed: boolean
}

/** Opens one connection to the peer, writes nothing, looks at what it says for a second, and closes. */
export async function tryPeer(
  entry: ActiveEntryConfig,
  codec: FrameCodec,
): Promise<DoctorFinding | undefined> {
  const trial = await connected(entry)
  const place = addressText({ ip: entry.host, port: entry.port })
  const { problem, opening, closed, from } = trial
  if (problem !== undefined) {
    const remedy = REMEDIES[problem.code] ?? SILENT
    return doctorFinding('peer-unreachable', entry.id, problem.message, remedy)
  }
  if (closed && opening.length === 0) {
    return doctorFinding(
      'peer-hangs-up',
      entry.id,
      `${place} accepts and closes at once; it sees us as ${from ?? 'unknown'}`,
      'The peer does not list this address, or its slot is taken: compare with `commloop mirror`.',
    )
  }
  // What is said under TLS cannot be judged from outside.
  if ('tls' in entry.transportOptions) return undefined
  const words = opening.length === 0 ? undefined : misframed(opening, codec)
  if (words === undefined) return undefined
  return doctorFinding(
    'peer-framing',
    entry.id,
    `${place}: ${words}`,
    'Compare the codec of both sides: docs/wire-format.md.',
  )
}

/** What is wrong with the first bytes; undefined: they are frames, or may become some. */
function misframed(opening: Uint8Array, codec: FrameCodec): string | undefined {
  const decoder = codec.createDecoder()
  try {
    decoder.push(opening)
    while (decoder.next() !== undefined);
    return decoder.midFrame ? decoder.diagnosis?.(opening) : undefined
  } catch (error) {
    return decoder.diagnosis?.(opening) ?? (error instanceof Error ? error.message : String(error))
  }
}

function connected({ host, port, bind }: ActiveEntryConfig): Promise<Trial> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...(bind === undefined ? {} : { localAddress: bind }) })
    const chunks: Buffer[] = []
    let bytes = 0
    let from: string | undefined
    const end = (problem: Trial['problem'], closed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      const opening = Buffer.concat(chunks).subarray(0, FIRST_BYTES_MAX)
      resolve({ from, opening, problem, closed })
    }
    let timer = setTimeout(() => {
      const message = `no answer from ${host}:${String(port)} within ${String(CONNECT_MS_MAX / 1000)} s`
      end({ code: 'ETIMEDOUT', message }, false)
    }, CONNECT_MS_MAX)
    socket.once('connect', () => {
      from = socket.localAddress
      clearTimeout(timer)
      timer = setTimeout(() => {
        end(undefined, false)
      }, LISTEN_MS_MAX)
    })
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= FIRST_BYTES_MAX) end(undefined, false)
    })
    socket.once('end', () => {
      end(undefined, true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Reset after it was open, if only for the system: the other way to close at once. Who does not accept refuses.
      const opened = from !== undefined || error.code === 'ECONNRESET'
      from ??= bind
      if (opened) end(undefined, true)
      else end({ code: error.code ?? '', message: error.message }, false)
    })
  })
}
