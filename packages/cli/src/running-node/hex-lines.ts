const PER_LINE = 16
const OFFSET_DIGITS = 4

/**
 * A hex dump in the usual format:
 *
 *     0000  00 03 61 62 63                                    |..abc|
 */
export function hexLines(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const part = Buffer.from(bytes.subarray(at, at + PER_LINE))
    const offset = at.toString(16).padStart(OFFSET_DIGITS, '0')
    const digits = [...part].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const letters = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
    lines.push(`  ${offset}  ${digits.padEnd(PER_LINE * 3)} |${letters}|`)
  }
  return lines.join('\n')
}
