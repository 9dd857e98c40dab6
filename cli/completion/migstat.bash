# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of migstat for bash; the program says what could stand there.

# The words of $1 as the shell's blanks and quotes part them, in the array words: bash itself parts
# them at = and : too.  Nothing is expanded.
_migstat_words()
{
    local line=$1 word='' quote='' open='' c i

    words=()
    for ((i = 0; i < ${#line}; i++)); do
        c=${line:i:1}
        if [[ $c == "$quote" ]]; then
            quote=''
        elif [[ $c == "\\" && $quote != "'" ]]; then
            ((i++))
            # In double quotes it is a backslash before most characters.
            [[ $quote && ${line:i:1} != [\"\\\$\`] ]] && word+=$c
            word+=${line:i:1} open=1
        elif [[ -z $quote && $c == [\"\'] ]]; then
            quote=$c open=1
        elif [[ -z $quote && $c == [[:blank:]] ]]; then
            [[ $open ]] && words+=("$word")
            word='' open=''
        else
            word+=$c open=1
        fi
    done
    words+=("$word")
}

_migstat()
{
    local line=${COMP_LINE:0:COMP_POINT} names='' candidate IFS=$' \t\n'
    local -a words

    _migstat_words "$line"
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
