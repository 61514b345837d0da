import { execFileSync } from 'node:child_process'
import { createWriteStream, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../src/index.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

const LINKS = 'links: [{ role: active, ip: 10.0.0.1, port: 1 }]\n'

/** Makes a file of this kind. Reading it as a whole would block for ever, or fill the memory. */
const KINDS: Readonly<Record<string, (path: string) => void>> = {
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => {
    symlinkSync('/dev/zero', path)
  },
  'a huge file': (path) => {
    writeFileSync(path, '')
    truncateSync(path, 3 * 2 ** 30)
  },
}

async function messageOf(cwd: string, file?: string): Promise<string> {
  // The finder reads its own options from the folder of the process.
  const before = process.cwd()
  process.chdir(cwd)
  onTestFinished(() => {
    process.chdir(before)
  })
  return await loadConfig({ cwd, env: {}, file }).then(
    () => 'accepted',
    (error: unknown) => (error as Error).message,
  )
}

describe.each(Object.entries(KINDS))('%s', (_kind, make) => {
  it.each([
    'package.json',
    'package.yaml',
    '.commlooprc',
    '.commlooprc.json',
    '.config/config.yaml',
  ])('in place of %s is named, and not read', async (place) => {
    const cwd = folderWith({ '.commlooprc.yml': LINKS, '.config/none': '' })
    make(join(cwd, place))
    expect(await messageOf(cwd)).toMatch(
      new RegExp(`${place.replace('.', '\\.')} (is a pipe|is not a regular file|exceeds the 1MiB)`),
    )
  })

  it('in the working folder is named if the configuration is in another one', async () => {
    const cwd = folderWith({})
    make(join(cwd, 'package.json'))
    const other = folderWith({ '.commlooprc': LINKS })
    expect(await messageOf(cwd, join(other, '.commlooprc'))).toMatch(/package\.json (is|exceeds)/)
  })

  it.each(['package.json', 'node_modules/commloop-codec-own/package.json'])(
    'in place of %s is not read in search of a plugin',
    async (place) => {
      const cwd = folderWith({})
      const folder = folderWith({
        'inner/.commlooprc': `codec: own\n${LINKS}`,
        'node_modules/commloop-codec-own/none': '',
      })
      make(join(folder, place))
      expect(await messageOf(cwd, join(folder, 'inner/.commlooprc'))).toMatch(
        /package\.json (is a pipe|is not a regular file|exceeds the 1MiB package size limit)/,
      )
    },
  )

  it('is not a plugin', async () => {
    const cwd = folderWith({ '.commlooprc': `router: ./router.mjs\n${LINKS}` })
    make(join(cwd, 'router.mjs'))
    expect(await messageOf(cwd)).toMatch(/router\.mjs/)
  })

  it('is not a certificate', async () => {
    const links = 'links: [{ role: active, ip: 10.0.0.1, port: 1, tls: { ca: ./ca.pem } }]\n'
    const cwd = folderWith({ '.commlooprc': links })
    make(join(cwd, 'ca.pem'))
    expect(await messageOf(cwd)).toMatch(/(not a regular file|larger than 1 MiB): .*ca\.pem/)
  })
})

describe('a file that the user named', () => {
  it('may be a pipe with a writer', async () => {
    const cwd = folderWith({})
    const pipe = join(cwd, 'pipe')
    execFileSync('mkfifo', [pipe])
    const writer = createWriteStream(pipe)
    writer.end(LINKS)
    expect(await messageOf(cwd, pipe)).toBe('accepted')
  })

  it('is not a device without end', async () => {
    expect(await messageOf(folderWith({}), '/dev/zero')).toBe(
      '/dev/zero is not a regular file, expected a file',
    )
  })

  it('is not a pipe without end', async () => {
    const cwd = folderWith({})
    const pipe = join(cwd, 'pipe')
    execFileSync('mkfifo', [pipe])
    const writer = createWriteStream(pipe)
    writer.on('error', () => undefined)
    onTestFinished(() => {
      writer.destroy()
    })
    writer.write(Buffer.alloc(2 * 2 ** 20, '#'))
    expect(await messageOf(cwd, pipe)).toBe('pipe exceeds the 1MiB configuration size limit')
  })
})
