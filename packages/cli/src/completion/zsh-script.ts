/** Works when it is sourced after `compinit`, and as the file `_commloop` in a folder of `fpath`. `compadd` quotes. */
export const ZSH_SCRIPT = `#compdef commloop
# zsh completion of commloop. The typed words and the offered words are data: nothing here evaluates them.
_commloop() {
  local line description
  local -a lines values shown
  lines=("\${(@f)$(command commloop completion-words -- "\${(@)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null < /dev/null)}")
  for line in "\${lines[@]}"; do
    [[ -n $line ]] || continue
    values+=("\${line%%$'\\t'*}")
    description=\${line#*$'\\t'}
    shown+=("\${values[-1]}\${description:+  -- $description}")
  done
  compadd -l -d shown -a values
}
if [[ \${funcstack[1]} == _commloop ]]; then
  _commloop
else
  compdef _commloop commloop
fi
`
