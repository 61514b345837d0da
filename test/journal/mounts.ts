import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync, truncateSync } from 'node:fs'
import { someToolIsMissing } from '../interop/debian-tool.js'

const TOOLS = [
  { command: 'unshare', package: 'util-linux' },
  { command: 'nsenter', package: 'util-linux' },
  { command: 'mkfs.ext4', package: 'e2fsprogs' },
  { command: 'losetup', package: 'mount' },
  { command: 'python3', package: 'python3' },
]
const IMAGE_BYTES = 200 * 1024 * 1024
/** The ioctl EXT4_IOC_SHUTDOWN without a flush of the file system's own journal, and its argument. */
const SHUTDOWN = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))
`

/** For `describe.skipIf`. Prints why, so that tests are not skipped silently. */
export function noMountsOfOurOwn(suite: string): boolean {
  if (someToolIsMissing(suite, TOOLS)) return true
  const tried = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
    encoding: 'utf8',
  })
  if (tried.status === 0) return false
  console.warn(
    `SKIPPED: ${suite}. Mounts are not permitted (root is needed): ${tried.stderr.trim()}`,
  )
  return true
}

/** For `describe.skipIf`: also needs loop devices. */
export function noLoopDevice(suite: string): boolean {
  if (noMountsOfOurOwn(suite)) return true
  const tried = spawnSync('losetup', ['-f'], { encoding: 'utf8' })
  if (tried.status === 0) return false
  console.warn(`SKIPPED: ${suite}. There is no loop device: ${tried.stderr.trim()}`)
  return true
}

/** A new ext4 file system in a file. */
export function makeImage(path: string): void {
  writeFileSync(path, '')
  truncateSync(path, IMAGE_BYTES)
  execFileSync('mkfs.ext4', ['-q', '-F', path])
}

/** A command that sees the file system of the image at `at`. The mount ends with it. */
export function mounted(image: string, at: string, command: readonly string[]): string[] {
  const script = 'image=$1; at=$2; shift 2; mount -o loop "$image" "$at" && exec "$@"'
  return ['unshare', '-m', 'sh', '-c', script, 'sh', image, at, ...command]
}

/** Stops the file system at once: what is not on the disk stays away, as in a power cut. */
export function cutPower(pid: number, at: string): void {
  execFileSync('nsenter', ['-t', String(pid), '-m', 'python3', '-c', SHUTDOWN, at])
}

/** True if no loop device uses the image any more. */
export function isReleased(image: string): boolean {
  return execFileSync('losetup', ['-j', image], { encoding: 'utf8' }).trim() === ''
}
