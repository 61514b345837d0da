import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { CliProcess, COMMLOOP_BIN, runCli } from '@commloop/test-support/cli-process'
import { testFolder } from '@commloop/test-support/test-folder'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { someToolIsMissing, toolPath } from '../interop/debian-tool.js'
import { codeBlocks } from '../structure/page.js'
import { pathOf, textOf } from '../structure/source-tree.js'
import { publicPackages } from './tarballs.js'

cleanUpAfterEach()

const UNIT = textOf('examples/systemd/commloop@.service')
const CONTAINER = textOf('examples/container/Containerfile')
const CONTAINER_PAGE = textOf('examples/container/README.md')

/** The value of a setting of the unit; the last one if there are several. */
function setting(name: string): string {
  return [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].at(-1)?.[1] ?? ''
}

describe('examples/systemd', () => {
  it('runs existing commands, from the path at which they are installed', async () => {
    const lines = ['ExecStartPre', 'ExecStart'].map((name) => setting(name).split(' '))
    for (const [node = '', script = '', command = ''] of lines) {
      expect(node).toMatch(/\/node$/)
      expect(script).toMatch(/\/node_modules\/commloop\/bin\/commloop\.js$/)
      expect((await runCli([command, '--help'])).code).toBe(0)
    }
  })

  it('gives the node as much time to stop as its own deadline', () => {
    const stopSeconds = Number(
      /\| `stopDeadline` \|.*?(\d+)s/.exec(textOf('docs/configuration.md'))?.[1],
    )
    expect(stopSeconds).toBe(5)
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(stopSeconds)
  })

  it('reloads with the signal of the node, and does not restart after a configuration error', async () => {
    expect(setting('ExecReload')).toBe('/bin/kill -HUP $MAINPID')
    const folder = testFolder({ '.commlooprc': 'links: [{ id: a, role: pasive }]\n' })
    const { code } = await runCli(['run'], { cwd: folder })
    expect(setting('RestartPreventExitStatus')).toBe(String(code))
  })
})

const SYSTEMD = [{ command: 'systemd-analyze', package: 'systemd' }]

describe.skipIf(someToolIsMissing('systemd unit', SYSTEMD))('examples/systemd, by systemd', () => {
  const analyze = toolPath('systemd-analyze') ?? ''

  /** The unit as an instance, with the programs of this machine. */
  function instance(text = UNIT): string {
    const commands = text
      .replaceAll('/usr/bin/node', process.execPath)
      .replaceAll('/opt/commloop/node_modules/commloop/bin/commloop.js', COMMLOOP_BIN)
    return join(testFolder({ 'commloop@north.service': commands }), 'commloop@north.service')
  }

  it('passes systemd-analyze verify', () => {
    const verify = (file: string): unknown => {
      const { status, stderr } = spawnSync(analyze, ['verify', '--man=no', file], {
        encoding: 'utf8',
      })
      return { status, stderr }
    }
    expect(verify(instance())).toEqual({ status: 0, stderr: '' })
    expect(verify(instance(UNIT.replace('ProtectSystem', 'ProtectSytem')))).not.toEqual({
      status: 0,
      stderr: '',
    })
  })

  it('has a low exposure', () => {
    const args = ['security', '--offline=true', '--no-pager', '--threshold=20', instance()]
    const { status, stdout, stderr } = spawnSync(analyze, args, { encoding: 'utf8' })
    expect(status, stdout + stderr).toBe(0)
  })
})

describe('examples/container', () => {
  const copied = [...CONTAINER.matchAll(/^COPY (\S+) /gm)].map(([, path = '']) => path)

  it('copies existing files, or files that the commands of its page create', () => {
    expect(copied.length).toBeGreaterThan(2)
    const absent = copied.filter((path) => !existsSync(pathOf(`examples/container/${path}`)))
    const [commands = ''] = codeBlocks(CONTAINER_PAGE).map(({ code }) => code)
    expect(
      absent.filter((path) => !commands.includes(`mkdir -p ${path.replace('/', '')}`)),
    ).toEqual([])
  })

  it('packs every public package', () => {
    for (const { folder } of publicPackages()) expect(CONTAINER_PAGE).toContain(`../../${folder}`)
  })

  it('has a base image without a host, a supported version of Node, and a user that is not root', () => {
    const [, base = ''] = /^FROM (\S+)$/m.exec(CONTAINER) ?? []
    expect(base).toMatch(/^node:20\.19-/)
    const [, user = ''] = /^USER (\S+)$/m.exec(CONTAINER) ?? []
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
  })

  it('has a configuration and commands that work in a plain folder', async () => {
    const folder = testFolder()
    const kept = readdirSync(pathOf('examples/container')).filter((name) => name !== 'packages')
    for (const name of kept) cpSync(pathOf(`examples/container/${name}`), join(folder, name))
    expect((await runCli(['check'], { cwd: folder })).code).toBe(0)
    const file = join(folder, '.commlooprc')
    execFileSync('sed', ['-i', `s/8000/${String(await freePort())}/`, file])
    const [, command = ''] = /^CMD \["(\w+)"\]$/m.exec(CONTAINER) ?? []
    const node = CliProcess.start([command], { cwd: folder })
    await node.log(({ listen }) => listen !== undefined)
    const [, health = ''] = /^HEALTHCHECK .*"(\w+)"\]$/m.exec(CONTAINER) ?? []
    expect((await runCli([health], { cwd: folder })).code).toBeOneOf([0, 4])
    const [, signal = ''] = /^STOPSIGNAL (\w+)$/m.exec(CONTAINER) ?? []
    node.kill(signal as NodeJS.Signals)
    expect((await node.exit()).code).toBe(0)
  })
})
