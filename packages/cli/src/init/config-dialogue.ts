import { hostname } from 'node:os'
import { configProblems } from '@commloop/core'
import type { NewConfig, NewEntry } from '@commloop/config'

/** One question to a person; undefined: the person has left. */
export type Ask = (question: string) => Promise<string | undefined>

const PORT_STANDARD = 8000

/** Asks for the little that a first configuration needs; undefined: the person has left. */
export async function askForConfig(
  ask: Ask,
  tell: (text: string) => void,
): Promise<NewConfig | undefined> {
  const node = await ask(`Name of this node [${hostname()}]: `)
  if (node === undefined) return undefined
  const port = await askPort(ask, tell)
  if (port === undefined) return undefined
  const links: NewEntry[] = []
  const passive = 'Address of a peer that dials us, such as 192.168.0.2 (empty: no more): '
  if (!(await askEntries(ask, tell, passive, links, passiveEntry))) return undefined
  const active = 'Peer that we dial, such as 192.168.0.2:8001 (empty: no more): '
  if (!(await askEntries(ask, tell, active, links, activeEntry))) return undefined
  return {
    node: node === '' ? undefined : node,
    listen: { host: '0.0.0.0', port },
    links,
  }
}

async function askPort(ask: Ask, tell: (text: string) => void): Promise<number | undefined> {
  for (;;) {
    const answer = await ask(`Port to listen on [${String(PORT_STANDARD)}]: `)
    if (answer === undefined) return undefined
    if (answer === '') return PORT_STANDARD
    const port = Number(answer)
    if (/^\d+$/.test(answer) && port >= 1 && port <= 65_535) return port
    tell(`expected 1–65535, found ${JSON.stringify(answer)}`)
  }
}

/** Asks until the answer is empty. false: the person has left. */
async function askEntries(
  ask: Ask,
  tell: (text: string) => void,
  question: string,
  links: NewEntry[],
  entryOf: (answer: string, others: readonly NewEntry[]) => NewEntry,
): Promise<boolean> {
  for (;;) {
    const answer = await ask(question)
    if (answer === undefined) return false
    if (answer === '') return true
    const entry = entryOf(answer, links)
    const [problem] = configProblems({ listen: { port: 0 }, links: [...links, entry] })
    if (problem === undefined) links.push(entry)
    else tell(problem.message)
  }
}

function passiveEntry(answer: string, others: readonly NewEntry[]): NewEntry {
  return { id: freeId(`from-${answer}`, others), role: 'passive', ip: answer }
}

function activeEntry(answer: string, others: readonly NewEntry[]): NewEntry {
  const parts = /^(?<place>.*):(?<port>\d{1,9})$/.exec(answer)?.groups
  const place = (parts?.place ?? answer).replace(/^\[(.*)\]$/, '$1')
  const id = freeId(`to-${place}`, others)
  const isIp = /^[\d.]+$/.test(place) || place.includes(':')
  // Without a port it stays without, and core says what is missing.
  const port = parts?.port === undefined ? {} : { port: Number(parts.port) }
  return { id, role: 'active', ...(isIp ? { ip: place } : { host: place }), ...port }
}

function freeId(wanted: string, others: readonly NewEntry[]): string {
  const base = wanted.replaceAll('/', '_')
  let id = base
  for (let repeat = 2; others.some((other) => other.id === id); repeat++) {
    id = `${base}-${String(repeat)}`
  }
  return id
}
