/**
 * For bash from version 3.2. Bash splits a word at `=` and `:`, so the words are joined again along the line, and an offered
 * word loses the part before the piece that bash replaces.
 */
export const BASH_SCRIPT = `# bash completion of commloop. The typed words and the offered words are data: nothing here evaluates them.
_commloop() {
  local -a words=()
  local rest=\${COMP_LINE:0:COMP_POINT} index piece current replaced prefix line word quoted
  for ((index = 0; index <= COMP_CWORD; index++)); do
    if [[ \${#words[@]} -eq 0 || $rest == [[:blank:]]* ]]; then
      rest=\${rest#"\${rest%%[![:blank:]]*}"}
      words+=('')
    fi
    piece=\${COMP_WORDS[index]}
    # The cursor may stand inside the last piece.
    ((index < COMP_CWORD)) || piece=$rest
    words[\${#words[@]} - 1]+=$piece
    rest=\${rest#"$piece"}
  done
  current=\${words[\${#words[@]} - 1]}
  replaced=''
  [[ $piece == *[!=:]* ]] && replaced=$piece
  prefix=\${current%"$replaced"}
  COMPREPLY=()
  while IFS= read -r line; do
    word=\${line%%$'\\t'*}
    if [[ $current != *[!A-Za-z0-9_./:,@%+=-]* && $word == "$current"* ]]; then
      printf -v quoted %q "\${word#"$current"}"
      [[ $word != "$current" ]] || quoted=''
      quoted=$current$quoted
    else
      printf -v quoted %q "$word"
    fi
    [[ $quoted == "$current"* ]] && COMPREPLY+=("\${quoted#"$prefix"}")
  done < <(command commloop completion-words -- "\${words[@]:1}" 2> /dev/null < /dev/null)
}
complete -F _commloop commloop
`
