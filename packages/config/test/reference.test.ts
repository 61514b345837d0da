import { readFileSync } from 'node:fs'
import { durationMs, resolveConfig, sizeBytes } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { jsonSchemaText, withReferenceTables } from '../src/schema/reference.js'

const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
const remedy = 'stale: run node packages/config/dist/schema/write-reference.js after a build'

describe('the reference of the configuration', () => {
  it('is up to date in schema.json', () => {
    const schema = readFileSync(new URL('../../cli/schema.json', import.meta.url), 'utf8')
    expect(schema === jsonSchemaText(), remedy).toBe(true)
  })

  it('is up to date in docs/configuration.md', () => {
    expect(withReferenceTables(page) === page, remedy).toBe(true)
  })

  it('describes every key in both', () => {
    const bare: string[] = []
    const look = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return
      for (const [key, value] of Object.entries(schema)) {
        if (key === 'properties') {
          for (const [name, property] of Object.entries(value as object)) {
            const isWithin = ['use', 'hex', 'base64'].includes(name)
            if (!isWithin && !('description' in property)) bare.push(`${path}.${name}`)
          }
        }
        if (key !== 'examples') look(value, `${path}.${key}`)
      }
    }
    look(JSON.parse(jsonSchemaText()), '')
    expect(bare).toEqual([])
  })

  it('has the defaults of core', () => {
    const { entries, ...node } = resolveConfig({
      listen: { port: 1 },
      links: [{ role: 'active', ip: '10.0.0.1', port: 1 }],
    })
    const link = entries[0]?.settings
    expect({
      audit: ['every', 'grace'].map((key) => written('audit', key)),
      routing: ['messages', 'bytes'].map((key) => written('routing', key)),
      iterator: ['messages', 'bytes'].map((key) => written('iterator', key)),
      top: ['routerTimeout', 'deferMax', 'dials', 'stopDeadline'].map((key) => written('top', key)),
      outbox: ['messages', 'bytes'].map((key) => written('outbox', key)),
      link: LINK_KEYS.map((key) => written('link', key)),
    }).toEqual({
      audit: [node.auditEveryMs, node.auditGraceMs],
      routing: [node.routingMessagesMax, node.routingBytesMax],
      iterator: [node.iteratorMessagesMax, node.iteratorBytesMax],
      top: [node.routerTimeoutMs, node.deferMsMax, node.dialsMax, node.stopDeadlineMs],
      outbox: [link?.outbox.messagesMax, link?.outbox.bytesMax],
      link: [
        link?.highWaterMarkBytes,
        link?.stallMs,
        link?.partialFrameMs,
        link?.lingerMs,
        link?.connectTimeoutMs,
        link?.probationMs,
        link?.stableAfterMs,
        link?.rearmAfterMs,
        link?.holdDownMs,
      ],
    })
    expect(cell('link', 'overflow')).toBe(link?.outbox.overflow)
    expect(cell('link', 'onLoss')).toBe(link?.onLoss)
    expect(link?.ttlMs).toBe(Infinity)
    expect(cell('link', 'ttl')).toBe('none')
    expect(cell('listen', 'host')).toBe(node.listen?.host)
  })
})

const LINK_KEYS = [
  'highWaterMark',
  'stall',
  'partialFrame',
  'linger',
  'connectTimeout',
  'probation',
  'stableAfter',
  'rearmAfter',
  'holdDown',
]

/** The default of a key in the page. */
function cell(table: string, key: string): string {
  const part = new RegExp(`<!-- keys: ${table} -->[^]*?<!-- end -->`).exec(page)?.[0] ?? ''
  const row = part.split('\n').find((line) => line.startsWith(`| \`${key}\` |`))
  return row?.split(' | ')[2]?.replaceAll('`', '') ?? ''
}

function written(table: string, key: string): number | undefined {
  const text = cell(table, key)
  if (/^[\d ]+$/.test(text)) return Number(text.replaceAll(' ', ''))
  return durationMs(text) ?? sizeBytes(text)
}
