import { stringify } from 'yaml'

/** What a new configuration says. */
export interface NewConfig {
  readonly node?: string | undefined
  /** undefined: nothing is accepted. */
  readonly listen: NewListen | undefined
  readonly links: readonly NewEntry[]
  /** Lines of comment below the table. */
  readonly notes?: readonly string[]
}

export interface NewListen {
  readonly host: string
  readonly port: number
  readonly comment?: string
}

export interface NewEntry {
  readonly id: string
  readonly role: 'active' | 'passive'
  readonly ip?: string
  readonly host?: string
  readonly port?: number
  readonly slots?: number
}

/** Relative to the configuration, as editors resolve it. */
const SCHEMA_PLACE = './node_modules/commloop/schema.json'

/** The text of a `.commlooprc`, with a comment wherever a newcomer would ask. */
export function configText({ node, listen, links, notes = [] }: NewConfig): string {
  return [
    `# yaml-language-server: $schema=${SCHEMA_PLACE}`,
    '#',
    '# What this node listens on, whom it dials and who may dial it. Every key is described in',
    '# docs/configuration.md. `commloop check` explains this file, `commloop run` starts it.',
    '# Durations: 250ms, 30s, 5m. Sizes: 64KiB, 16MiB. ${NAME} and ${NAME:-default}: the environment.',
    '',
    ...(node === undefined
      ? ['# node: plant-l2          # the name in logs; left out: the host name']
      : [`node: ${inlineYaml(node)}`]),
    ...listenLines(listen),
    '# router: ./router.mjs    # says which link a message goes to when `send` names none',
    '# relay: true             # received messages go to the router as well',
    '',
    '# One entry for each peer. passive: they dial us, and their address decides whether they may;',
    '# active: we dial them, again and again.',
    links.length === 0 ? 'links: []' : 'links:',
    ...links.map((entry) => `  - ${inlineYaml(entry)}`),
    ...notes.map((note) => `  # ${note}`.trimEnd()),
    '',
  ].join('\n')
}

function listenLines(listen: NewListen | undefined): string[] {
  if (listen === undefined) {
    return ['# listen: { host: 0.0.0.0, port: 8000 }   # needed as soon as an entry is passive']
  }
  const { host, port, comment } = listen
  const line = `listen: ${inlineYaml({ host, port })}`
  return [comment === undefined ? line : `${line}   # ${comment}`]
}

/** A value on one line of YAML. */
export function inlineYaml(value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
  // What was typed is meant as it was typed, not as a place for the environment.
  return text.replaceAll('${', '$$${')
}

/** What `commloop init` writes when nobody is asked: safe as it stands, for it only listens to this machine. */
export const TEMPLATE: NewConfig = {
  listen: { host: '127.0.0.1', port: 8000, comment: '0.0.0.0 listens on every address' },
  links: [{ id: 'local', role: 'passive', ip: '127.0.0.1', slots: 4 }],
  notes: [
    '- { id: furnace-in,  role: passive, ip: 192.168.0.2 }             # this machine may dial us',
    '- { id: furnace-out, role: active,  ip: 192.168.0.2, port: 8001 } # we dial it',
    '- { id: mes, role: active, host: mes.plant.example, port: 8003 }  # a name, looked up at every dial',
    '- { id: cell, role: passive, ip: 192.168.4.0/24, slots: 20 }      # up to 20 machines of a range',
    '- { id: anyone, role: passive, ip: 0.0.0.0, slots: 4 }            # whoever is not listed above',
  ],
}
