# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of migstat for fish; the program says what could stand there.

function __migstat_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (command $words[1] --complete $words[2..-1] 2>/dev/null)
    switch "$lines[1]"
        case ':files'
            __fish_complete_path (commandline -ct)
            set -e lines[1]
        case ':folders'
            __fish_complete_directories (commandline -ct)
            set -e lines[1]
    end
    test (count $lines) -gt 0; and printf '%s\n' $lines
end

complete -c migstat -f -a '(__migstat_complete)'
