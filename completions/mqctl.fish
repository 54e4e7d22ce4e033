# fish completion for mqctl
# Made by `mqctl completion`; the flags are the program's own.

# Topics of the store that is named on the line.
function __mqctl_topics
    for word in (commandline -opc)[3..-1]
        if not string match -q -- '-*' $word; and test -e $word
            mqctl completion --topics $word 2>/dev/null
            return
        end
    end
end

function __mqctl_no_command
    test (count (commandline -opc)) -eq 1
end

function __mqctl_command
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test $words[2] = $argv[1]
end

complete -c mqctl -f
complete -c mqctl -n __mqctl_no_command -a append -d 'write messages into a store, no server needed'
complete -c mqctl -n __mqctl_no_command -a dump -d 'read messages'
complete -c mqctl -n __mqctl_no_command -a verify -d 'prove the files sound, or list exactly what is not'
complete -c mqctl -n __mqctl_no_command -a preallocate -d 'create the next commit-log segments with real blocks'
complete -c mqctl -n __mqctl_no_command -a serve -d 'be a local broker and name server for RocketMQ clients'
complete -c mqctl -n __mqctl_no_command -a completion -d 'print the completion script of a shell'
complete -c mqctl -n __mqctl_no_command -a help -d 'show how a command is used'
complete -c mqctl -n __mqctl_no_command -a version -d 'show the version'
complete -c mqctl -n '__mqctl_command append' -F
complete -c mqctl -n '__mqctl_command append' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command append' -s t -l topic -x -a '(__mqctl_topics)' -d 'Topic; with -i json for records that name none'
complete -c mqctl -n '__mqctl_command append' -s b -l body -x -d 'Body; else standard input is read'
complete -c mqctl -n '__mqctl_command append' -l tags -x -d 'Tags of every message'
complete -c mqctl -n '__mqctl_command append' -l keys -x -d 'Key of every message, for queries; repeatable'
complete -c mqctl -n '__mqctl_command append' -s p -l property -x -d 'Property of every message; repeatable'
complete -c mqctl -n '__mqctl_command append' -l flag -x -d 'The flag field, any 32-bit number'
complete -c mqctl -n '__mqctl_command append' -l delay -x -d 'Delay level: delivered by a broker when it is due'
complete -c mqctl -n '__mqctl_command append' -l born -x -d 'Born time: RFC 3339, epoch milliseconds, -1h; default: now'
complete -c mqctl -n '__mqctl_command append' -l born-host -x -d 'ADDRESS:PORT of the sender; default 127.0.0.1:0'
complete -c mqctl -n '__mqctl_command append' -l count -x -d 'Append each message so many times'
complete -c mqctl -n '__mqctl_command append' -s i -l input -x -a 'lines json raw' -d 'Form of standard input: lines (a message each; default), json (records of dump), raw (one body)'
complete -c mqctl -n '__mqctl_command append' -l max-body -x -d 'Longest body taken; default 4MiB'
complete -c mqctl -n '__mqctl_command append' -l queue -x -d 'Queue id of every message'
complete -c mqctl -n '__mqctl_command append' -l queues -x -d 'Round robin over so many queues; default 4'
complete -c mqctl -n '__mqctl_command append' -l segment-size -x -d 'Size of the segments of a new store; default 1GiB'
complete -c mqctl -n '__mqctl_command append' -l store-host -x -d 'ADDRESS:PORT written as the broker'\''s; default: as the store has it, else 127.0.0.1:10911'
complete -c mqctl -n '__mqctl_command append' -l sync -x -a 'each end none' -d 'each: what was read is on disk before more is read; end: on return all is on disk (default); none'
complete -c mqctl -n '__mqctl_command append' -l receipt -d 'One JSON line per message: pos, qoff, queue, msgid, size'
complete -c mqctl -n '__mqctl_command append' -s n -l dry-run -d 'Read and check the input, print the plan, change nothing'
complete -c mqctl -n '__mqctl_command append' -l force -d 'Cut the log at damage, with the messages that lie behind it'
complete -c mqctl -n '__mqctl_command append' -l color -x -a 'auto always never' -d 'When to use colours; NO_COLOR and TERM=dumb are obeyed'
complete -c mqctl -n '__mqctl_command append' -s q -l quiet -d 'Say nothing; the exit status is the answer'
complete -c mqctl -n '__mqctl_command append' -s v -l verbose -d 'Say more on standard error'
complete -c mqctl -n '__mqctl_command dump' -F
complete -c mqctl -n '__mqctl_command dump' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command dump' -s t -l topic -x -a '(__mqctl_topics)' -d 'Only this topic'
complete -c mqctl -n '__mqctl_command dump' -l queue -x -d 'Only this queue id'
complete -c mqctl -n '__mqctl_command dump' -l tags -x -d 'Only messages with this tag; repeatable, and `A||B` is either'
complete -c mqctl -n '__mqctl_command dump' -l keys -x -d 'Only messages with this key; repeatable: any of them'
complete -c mqctl -n '__mqctl_command dump' -l msgid -x -d 'The message with this offset id or unique key'
complete -c mqctl -n '__mqctl_command dump' -l uniq -x -d 'The message with this unique key'
complete -c mqctl -n '__mqctl_command dump' -l grep -x -d 'Only bodies in which this regular expression (RE2) is found'
complete -c mqctl -n '__mqctl_command dump' -l time -x -d 'Stored in A..B; seeks. Times: RFC 3339, epoch ms, -1h'
complete -c mqctl -n '__mqctl_command dump' -l pos -x -d 'At commit-log offsets A..B; seeks'
complete -c mqctl -n '__mqctl_command dump' -l qoff -x -d 'At queue offsets A..B; with --topic it seeks'
complete -c mqctl -n '__mqctl_command dump' -l no-index -d 'Read the log itself, not queues and key index, to find messages'
complete -c mqctl -n '__mqctl_command dump' -l count -x -d 'End after so many messages'
complete -c mqctl -n '__mqctl_command dump' -l reverse -d 'Newest first'
complete -c mqctl -n '__mqctl_command dump' -s F -l follow -d 'Wait for more at the end of the log'
complete -c mqctl -n '__mqctl_command dump' -l timeout -x -d 'End following after so long, with status 5'
complete -c mqctl -n '__mqctl_command dump' -s o -l output -x -a 'text json raw' -d 'text: a line each; json: records; raw: bodies only'
complete -c mqctl -n '__mqctl_command dump' -s f -l format -x -d '%topic %queue %qoff %pos %tags %keys %msgid %uniq %born %stored %body %size %prop{NAME}, \t, \n'
complete -c mqctl -n '__mqctl_command dump' -l body -x -a 'auto hex base64 none' -d 'How bodies are shown; auto: text, else hex (json: base64)'
complete -c mqctl -n '__mqctl_command dump' -l max-body -x -d 'Show so much of each body; what is cut is marked'
complete -c mqctl -n '__mqctl_command dump' -l decompress -d 'Unpack compressed bodies (default); --no-decompress shows them as stored'
complete -c mqctl -n '__mqctl_command dump' -l local -d 'Times in the local zone'
complete -c mqctl -n '__mqctl_command dump' -l keep-going -d 'Also show records whose CRC is wrong, marked, and go on behind files that cannot be read'
complete -c mqctl -n '__mqctl_command dump' -l color -x -a 'auto always never' -d 'When to use colours; NO_COLOR and TERM=dumb are obeyed'
complete -c mqctl -n '__mqctl_command dump' -s q -l quiet -d 'Say nothing; the exit status is the answer'
complete -c mqctl -n '__mqctl_command dump' -s v -l verbose -d 'Say more on standard error'
complete -c mqctl -n '__mqctl_command verify' -F
complete -c mqctl -n '__mqctl_command verify' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command verify' -l level -x -a 'frame crc index' -d 'frame: sizes and places; crc: bodies too (default); index: consume queues and key index too'
complete -c mqctl -n '__mqctl_command verify' -l jobs -x -d 'Threads that read segments; default 1'
complete -c mqctl -n '__mqctl_command verify' -l max-findings -x -d 'Findings shown; all are counted; default 10000'
complete -c mqctl -n '__mqctl_command verify' -l tail -x -a 'ok strict' -d 'ok: an unfinished tail of a live or crashed store is none (default); strict: it is a finding'
complete -c mqctl -n '__mqctl_command verify' -l stop-at-first -d 'End with the first finding'
complete -c mqctl -n '__mqctl_command verify' -s o -l output -x -a 'text json' -d 'Form of the answer'
complete -c mqctl -n '__mqctl_command verify' -l color -x -a 'auto always never' -d 'When to use colours; NO_COLOR and TERM=dumb are obeyed'
complete -c mqctl -n '__mqctl_command verify' -s q -l quiet -d 'Say nothing; the exit status is the answer'
complete -c mqctl -n '__mqctl_command verify' -s v -l verbose -d 'Say more on standard error'
complete -c mqctl -n '__mqctl_command preallocate' -F
complete -c mqctl -n '__mqctl_command preallocate' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command preallocate' -l count -x -d 'Segments to make; default 1'
complete -c mqctl -n '__mqctl_command preallocate' -l size -x -d 'Size of a segment of a new store; default 1GiB, else as the others'
complete -c mqctl -n '__mqctl_command preallocate' -l warm -d 'Touch every page'
complete -c mqctl -n '__mqctl_command preallocate' -l reserve -x -d 'Leave so much of the file system free: 10%, 5GiB'
complete -c mqctl -n '__mqctl_command preallocate' -s n -l dry-run -d 'Print the plan, change nothing'
complete -c mqctl -n '__mqctl_command preallocate' -l force -d 'Make ten spare segments and more all the same'
complete -c mqctl -n '__mqctl_command preallocate' -s o -l output -x -a 'text json' -d 'Form of the answer'
complete -c mqctl -n '__mqctl_command preallocate' -l color -x -a 'auto always never' -d 'When to use colours; NO_COLOR and TERM=dumb are obeyed'
complete -c mqctl -n '__mqctl_command preallocate' -s q -l quiet -d 'Say nothing; the exit status is the answer'
complete -c mqctl -n '__mqctl_command preallocate' -s v -l verbose -d 'Say more on standard error'
complete -c mqctl -n '__mqctl_command serve' -F
complete -c mqctl -n '__mqctl_command serve' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command serve' -l listen -x -d 'ADDRESS:PORT; port 0: any free one; default 127.0.0.1:9876'
complete -c mqctl -n '__mqctl_command serve' -l advertise -x -d 'ADDRESS:PORT that clients are told; default: the one they dialled'
complete -c mqctl -n '__mqctl_command serve' -l ephemeral -d 'A temporary store of small segments, removed at the end'
complete -c mqctl -n '__mqctl_command serve' -l topic -x -d 'Topic to be there, with so many queues (4); repeatable'
complete -c mqctl -n '__mqctl_command serve' -l seed -r -F -d 'Records of `dump -o json` to begin with'
complete -c mqctl -n '__mqctl_command serve' -l ready-file -r -F -d 'Written when a send would be accepted'
complete -c mqctl -n '__mqctl_command serve' -l port-file -r -F -d 'Gets the port'
complete -c mqctl -n '__mqctl_command serve' -l flush -x -a 'async sync' -d 'sync: a send is answered when it is on disk; default async'
complete -c mqctl -n '__mqctl_command serve' -l segment-size -x -d 'Size of the segments of a new store'
complete -c mqctl -n '__mqctl_command serve' -s c -l config -r -F -d 'broker.conf with RocketMQ'\''s keys'
complete -c mqctl -n '__mqctl_command serve' -l io-threads -x -d 'Threads for connections; default: one a processor, 4 at most'
complete -c mqctl -n '__mqctl_command serve' -l metrics -x -d 'Prometheus metrics, /healthz and /readyz by HTTP; default 127.0.0.1:5557'
complete -c mqctl -n '__mqctl_command serve' -l access-log -d 'A line for each request'
complete -c mqctl -n '__mqctl_command serve' -l log-format -x -a 'text json' -d 'Form of the log on standard error'
complete -c mqctl -n '__mqctl_command serve' -l force -d 'Cut the log at damage, with the messages that lie behind it'
complete -c mqctl -n '__mqctl_command serve' -l color -x -a 'auto always never' -d 'When to use colours; NO_COLOR and TERM=dumb are obeyed'
complete -c mqctl -n '__mqctl_command serve' -s q -l quiet -d 'Say nothing; the exit status is the answer'
complete -c mqctl -n '__mqctl_command serve' -s v -l verbose -d 'Say more on standard error'
complete -c mqctl -n '__mqctl_command completion' -a 'bash zsh fish'
complete -c mqctl -n '__mqctl_command completion' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command help' -a 'append dump verify preallocate serve completion help version'
complete -c mqctl -n '__mqctl_command help' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command help' -l man -r -F -d 'Write the man pages into this directory'
complete -c mqctl -n '__mqctl_command version' -s h -l help -d 'Show this help'
complete -c mqctl -n '__mqctl_command version' -s o -l output -x -a 'text json' -d 'Form of the answer'
