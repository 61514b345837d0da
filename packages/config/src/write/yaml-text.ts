import { escapeInvisible, visibleText } from '@commloop/core'
import { Document, Scalar, visit } from 'yaml'

/**
 * A value on one line of YAML. Characters that a terminal would act on are escaped, so the line may be printed, and a
 * reader gets the same value.
 */
export function inlineYaml(value: unknown): string {
  return yamlText(value, 'flow')
}

/** The same with a line for each key. */
export function blockYaml(value: unknown): string {
  return yamlText(value, 'any')
}

function yamlText(value: unknown, collectionStyle: 'flow' | 'any'): string {
  const document = new Document(value)
  visit(document, {
    Scalar(_, scalar) {
      // Only a text in double quotes can have escapes.
      if (typeof scalar.value === 'string' && hasInvisible(scalar.value)) {
        scalar.type = Scalar.QUOTE_DOUBLE
      }
    },
  })
  const text = document.toString({
    collectionStyle,
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  })
  const lines = text.trimEnd().split('\n')
  const visible = lines.map((line) => escapeInvisible(line, escaped)).join('\n')
  // The value is literal text, so `${` must not become a placeholder.
  return visible.replaceAll('${', '$$${')
}

/** A comment up to the end of the line, whatever its text. */
export function yamlComment(text: string): string {
  return `# ${visibleText(text)}`.trimEnd()
}

function hasInvisible(text: string): boolean {
  return escapeInvisible(text, () => '') !== text
}

function escaped(character: string): string {
  const point = character.codePointAt(0) ?? 0
  const digits = point.toString(16)
  return point > 0xffff ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`
}
