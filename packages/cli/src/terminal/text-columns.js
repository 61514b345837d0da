/** Characters that a terminal draws two columns wide (East Asian Wide and Fullwidth, Unicode TR 11). */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
/** How many columns of a terminal a text takes. */
export function displayWidth(text) {
    let width = 0;
    for (const character of text)
        width += WIDE.test(character) ? 2 : 1;
    return width;
}
/** Rows with their cells below each other, two blanks in front and between. */
export function textColumns(rows) {
    const widths = [];
    for (const row of rows) {
        for (const [at, cell] of row.entries()) {
            widths[at] = Math.max(widths[at] ?? 0, displayWidth(cell));
        }
    }
    const lineOf = (row) => row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - displayWidth(cell))).join('  ');
    return rows.map((row) => `  ${lineOf(row)}`.trimEnd()).join('\n');
}
//# sourceMappingURL=text-columns.js.map