# bash completion for mqctl
# Made by `mqctl completion`; the flags are the program's own.

_mqctl_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }

# Topics of the store that is named on the line.
_mqctl_topics() {
    local word
    for word in "${COMP_WORDS[@]:2}"; do
        if [[ $word != -* && -e $word ]]; then
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$(mqctl completion --topics "$word" 2>/dev/null)" -- "$cur"))
            return
        fi
    done
}

_mqctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} cmd=${COMP_WORDS[1]}
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _mqctl_words 'append dump verify preallocate serve completion help version --help --version'
        return
    fi
    case $cmd:$prev in
        append:-t|append:--topic) _mqctl_topics; return ;;
        append:-b|append:--body) return ;;
        append:--tags) return ;;
        append:--keys) return ;;
        append:-p|append:--property) return ;;
        append:--flag) return ;;
        append:--delay) return ;;
        append:--born) return ;;
        append:--born-host) return ;;
        append:--count) return ;;
        append:-i|append:--input) _mqctl_words 'lines json raw'; return ;;
        append:--max-body) return ;;
        append:--queue) return ;;
        append:--queues) return ;;
        append:--segment-size) return ;;
        append:--store-host) return ;;
        append:--sync) _mqctl_words 'each end none'; return ;;
        append:--color) _mqctl_words 'auto always never'; return ;;
        dump:-t|dump:--topic) _mqctl_topics; return ;;
        dump:--queue) return ;;
        dump:--tags) return ;;
        dump:--keys) return ;;
        dump:--msgid) return ;;
        dump:--uniq) return ;;
        dump:--grep) return ;;
        dump:--time) return ;;
        dump:--pos) return ;;
        dump:--qoff) return ;;
        dump:--count) return ;;
        dump:--timeout) return ;;
        dump:-o|dump:--output) _mqctl_words 'text json raw'; return ;;
        dump:-f|dump:--format) return ;;
        dump:--body) _mqctl_words 'auto hex base64 none'; return ;;
        dump:--max-body) return ;;
        dump:--color) _mqctl_words 'auto always never'; return ;;
        verify:--level) _mqctl_words 'frame crc index'; return ;;
        verify:--jobs) return ;;
        verify:--max-findings) return ;;
        verify:--tail) _mqctl_words 'ok strict'; return ;;
        verify:-o|verify:--output) _mqctl_words 'text json'; return ;;
        verify:--color) _mqctl_words 'auto always never'; return ;;
        preallocate:--count) return ;;
        preallocate:--size) return ;;
        preallocate:--reserve) return ;;
        preallocate:-o|preallocate:--output) _mqctl_words 'text json'; return ;;
        preallocate:--color) _mqctl_words 'auto always never'; return ;;
        serve:--listen) return ;;
        serve:--advertise) return ;;
        serve:--topic) return ;;
        serve:--seed) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        serve:--ready-file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        serve:--port-file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        serve:--flush) _mqctl_words 'async sync'; return ;;
        serve:--segment-size) return ;;
        serve:-c|serve:--config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
        serve:--io-threads) return ;;
        serve:--metrics) return ;;
        serve:--log-format) _mqctl_words 'text json'; return ;;
        serve:--color) _mqctl_words 'auto always never'; return ;;
        help:--man) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        version:-o|version:--output) _mqctl_words 'text json'; return ;;
    esac
    case $cmd in
        append)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help --topic --body --tags --keys --property --flag --delay --born --born-host --count --input --max-body --queue --queues --segment-size --store-host --sync --receipt --dry-run --force --color --quiet --verbose'
            else
                COMPREPLY=($(compgen -f -- "$cur"))
            fi
            ;;
        dump)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help --topic --queue --tags --keys --msgid --uniq --grep --time --pos --qoff --no-index --count --reverse --follow --timeout --output --format --body --max-body --decompress --local --keep-going --color --quiet --verbose'
            else
                COMPREPLY=($(compgen -f -- "$cur"))
            fi
            ;;
        verify)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help --level --jobs --max-findings --tail --stop-at-first --output --color --quiet --verbose'
            else
                COMPREPLY=($(compgen -f -- "$cur"))
            fi
            ;;
        preallocate)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help --count --size --warm --reserve --dry-run --force --output --color --quiet --verbose'
            else
                COMPREPLY=($(compgen -f -- "$cur"))
            fi
            ;;
        serve)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help --listen --advertise --ephemeral --topic --seed --ready-file --port-file --flush --segment-size --config --io-threads --metrics --access-log --log-format --force --color --quiet --verbose'
            else
                COMPREPLY=($(compgen -f -- "$cur"))
            fi
            ;;
        completion)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help'
            else
                _mqctl_words 'bash zsh fish'
            fi
            ;;
        help)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help --man'
            else
                _mqctl_words 'append dump verify preallocate serve completion help version'
            fi
            ;;
        version)
            if [[ $cur == -* ]]; then
                _mqctl_words '--help --output'
            fi
            ;;
    esac
}

complete -o filenames -F _mqctl mqctl
