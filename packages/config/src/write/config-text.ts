import { inlineYaml, yamlComment } from './yaml-text.js'

/** The content of a new configuration. */
export interface NewConfig {
  readonly node?: string | undefined
  /** undefined: no connections are accepted. */
  readonly listen: NewListen | undefined
  readonly links: readonly NewEntry[]
  /** Lines of comment below the table. */
  readonly notes?: readonly string[]
}

/** The `listen` section of a new configuration. */
export interface NewListen {
  readonly host: string
  readonly port: number
  /** A comment after the section; default: none. */
  readonly comment?: string
}

/** An entry of a new configuration. */
export interface NewEntry {
  readonly id: string
  readonly role: 'active' | 'passive'
  readonly ip?: string | readonly string[]
  readonly host?: string | readonly string[]
  readonly port?: number
  readonly slots?: number
}

/** Relative to the configuration, as editors resolve it. */
const SCHEMA_PLACE = './node_modules/commloop/schema.json'

/** The text of a `.commlooprc`, with comments for new users. */
export function configText({ node, listen, links, notes = [] }: NewConfig): string {
  return [
    `# yaml-language-server: $schema=${SCHEMA_PLACE}`,
    '#',
    '# Where this node listens, which peers it dials and which peers may dial it. All keys are described',
    '# in docs/configuration.md. `commloop check` explains this file, `commloop run` starts the node.',
    '# Durations: 250ms, 30s, 5m. Sizes: 64KiB, 16MiB. ${NAME} and ${NAME:-default}: the environment.',
    '',
    ...(node === undefined
      ? ['# node: plant-l2          # the name in logs; default: the host name']
      : [`node: ${inlineYaml(node)}`]),
    ...listenLines(listen),
    '# router: ./router.mjs    # chooses the link of a message if `send` does not',
    '# relay: true             # received messages go to the router too',
    '',
    '# One entry for each peer. passive: the peer dials this node, and its address must match;',
    '# active: this node dials the peer, until it is connected.',
    links.length === 0 ? 'links: []' : 'links:',
    ...links.map((entry) => `  - ${inlineYaml(entry)}`),
    ...notes.map((note) => `  ${yamlComment(note)}`),
    '',
  ].join('\n')
}

function listenLines(listen: NewListen | undefined): string[] {
  if (listen === undefined) {
    return ['# listen: { host: 0.0.0.0, port: 8000 }   # required if an entry is passive']
  }
  const { host, port, comment } = listen
  const line = `listen: ${inlineYaml({ host, port })}`
  return [comment === undefined ? line : `${line}   ${yamlComment(comment)}`]
}

/** The configuration that `commloop init` writes without a dialogue. It is safe: it only listens on loopback. */
export const TEMPLATE: NewConfig = {
  listen: { host: '127.0.0.1', port: 8000, comment: '0.0.0.0 listens on every address' },
  links: [{ id: 'local', role: 'passive', ip: '127.0.0.1', slots: 4 }],
  notes: [
    '- { id: furnace-in,  role: passive, ip: 192.168.0.2 }             # this machine may dial this node',
    '- { id: furnace-out, role: active,  ip: 192.168.0.2, port: 8001 } # this node dials it',
    '- { id: mes, role: active, host: mes.plant.example, port: 8003 }  # a name, looked up at every dial',
    '- { id: cell, role: passive, ip: 192.168.4.0/24, slots: 20 }      # up to 20 machines of a range',
    '- { id: anyone, role: passive, ip: 0.0.0.0, slots: 4 }            # any other address',
  ],
}
