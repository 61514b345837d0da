import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface ScriptResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program at the root of the repository to its end. It ends with us. */
export function runProgram(
  command: string,
  args: readonly string[],
  cwd = ROOT,
): Promise<ScriptResult> {
  return new Promise((resolve, reject) => {
    const program = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    program.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    program.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const kill = (): void => {
      program.kill()
    }
    process.once('exit', kill)
    program.once('error', reject)
    program.once('close', (code) => {
      process.off('exit', kill)
      const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString()
      resolve({ code: code ?? -1, stdout: text(stdout), stderr: text(stderr) })
    })
  })
}

/** Runs a script that prints JSON, whatever its exit code is. */
export async function answerOfScript<Answer>(...args: readonly string[]): Promise<Answer> {
  const { stdout, stderr } = await runProgram(process.execPath, args)
  try {
    return JSON.parse(stdout) as Answer
  } catch (cause) {
    throw new Error(`${args.join(' ')} gave no answer: ${stderr.slice(-2_000)}`, { cause })
  }
}
