# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of migstat for bash; the program says what could stand there.

_migstat()
{
    local line=${COMP_LINE:0:COMP_POINT} names='' candidate IFS=$' \t\n'
    local -a words

    # The words as the shell's blanks part them: bash itself parts them at = and : too.
    read -ra words <<< "$line"
    [[ $line == *[[:blank:]] ]] && words+=('')
    COMPREPLY=()
    while IFS= read -r candidate; do
        case $candidate in
        :files) names=-f ;;
        :folders) names=-d ;;
        *) COMPREPLY+=("${candidate%%$'\t'*}") ;;
        esac
    done < <("${words[0]}" --complete "${words[@]:1}" 2>/dev/null)

    # Of each candidate what stands after the last = or : that bash parts words at.
    local word=${words[-1]} cut=''
    [[ $word == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]] && cut=${word%"${word##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    if [[ -n $names ]]; then
        compopt -o filenames
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$names" -- "${word##*=}")
    elif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace
    fi
}

complete -F _migstat migstat
