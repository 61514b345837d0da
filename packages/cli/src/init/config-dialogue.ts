import { hostname } from 'node:os'
import { configProblems } from '@commloop/core'
import type { NewConfig, NewEntry } from '@commloop/config'

/** Asks the user one question; resolves with undefined if the user ends the input. */
export type Ask = (question: string) => Promise<string | undefined>

const PORT_DEFAULT = 8000

/** Asks for the parts of a first configuration; resolves with undefined if the user ends the input. */
export async function askForConfig(
  ask: Ask,
  print: (text: string) => void,
): Promise<NewConfig | undefined> {
  const node = await ask(`Name of this node [${hostname()}]: `)
  if (node === undefined) return undefined
  const port = await askPort(ask, print)
  if (port === undefined) return undefined
  const links: NewEntry[] = []
  const passive = 'Address of a peer that dials this node, such as 192.168.0.2 (empty: continue): '
  if (!(await askEntries(ask, print, passive, links, passiveEntry))) return undefined
  const active =
    'Address of a peer that this node dials, such as 192.168.0.2:8001 (empty: continue): '
  if (!(await askEntries(ask, print, active, links, activeEntry))) return undefined
  return {
    node: node === '' ? undefined : node,
    listen: { host: '0.0.0.0', port },
    links,
  }
}

async function askPort(ask: Ask, print: (text: string) => void): Promise<number | undefined> {
  for (;;) {
    const answer = await ask(`Port to listen on [${String(PORT_DEFAULT)}]: `)
    if (answer === undefined) return undefined
    if (answer === '') return PORT_DEFAULT
    const port = Number(answer)
    if (/^\d+$/.test(answer) && port >= 1 && port <= 65_535) return port
    print(`expected 1–65535, found ${JSON.stringify(answer)}`)
  }
}

/** Asks until the answer is empty. Resolves with false if the user ends the input. */
async function askEntries(
  ask: Ask,
  print: (text: string) => void,
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
    else print(problem.message)
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
  // Without a port, the check of core reports the missing port.
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
