/**
 * The words come from the syntax tree. PowerShell before 7.3 does not pass an empty argument, so `--next` stands for an
 * empty last word.
 */
export const POWERSHELL_SCRIPT = `# PowerShell completion of commloop. The typed words and the offered words are data: nothing here evaluates them.
Register-ArgumentCompleter -Native -CommandName commloop -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
            else { $_.Extent.Text }
        })
    $options = @('--literal')
    if ($wordToComplete -eq '') { $options += '--next' }
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        $lines = @(& commloop completion-words @options '--' @words 2>$null)
    } finally {
        [Console]::OutputEncoding = $encoding
    }
    foreach ($line in $lines) {
        $word, $description = $line -split "\`t", 2
        if (-not $word) { continue }
        $text = $word
        if ($word -notmatch '\\A[A-Za-z0-9_./:%+=-]+\\z') {
            $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($word) + "'"
        }
        if (-not $description) { $description = $word }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $description)
    }
}
`
