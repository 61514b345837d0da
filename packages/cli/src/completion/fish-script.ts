/** fish itself filters and quotes what the function prints. */
export const FISH_SCRIPT = `# fish completion of commloop. The typed words and the offered words are data: nothing here evaluates them.
function __commloop_words
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    command commloop completion-words --literal -- $words[2..-1] "$current" 2>/dev/null </dev/null
end
complete -c commloop -f -a '(__commloop_words)'
`
