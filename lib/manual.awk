# SPDX-License-Identifier: LGPL-2.1-or-later
# Owns: pages of section 3 from the comments of public headers: mig_NAME.3 for lib/*/NAME.h, and
# a page for each of its functions, which is a link to that.
# Must not know: what the headers declare.
# See also: the Makefile, target man; migstat.3, the page about all of them, is written by hand.
#
# usage: awk -v out=FOLDER -v version=X.Y.Z -v date=YYYY-MM-DD -f manual.awk HEADER...
#
# A header is its head, whose "Owns:" is the title, and blocks.  A block is a comment at the start
# of a line and what follows it up to an empty line or the next one.  @name in a comment is a
# parameter or a member.

function escaped(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    gsub(/"/, "\\(dq", text)
    gsub(/`/, "\\(ga", text)
    gsub(/\^/, "\\(ha", text)
    gsub(/~/, "\\(ti", text)
    return text
}

# A word of a sentence: what belongs to C is bold, and a parameter in italics.
function word_of(word,    before, after)
{
    before = after = ""
    while (match(word, /^["'(]/)) {
        before = before substr(word, 1, 1)
        word = substr(word, 2)
    }
    while (match(word, /[]"').,;:]$/) && word !~ /\(\)$/ && word !~ /\([1-8]\)$/) {
        after = substr(word, length(word)) after
        word = substr(word, 1, length(word) - 1)
    }
    if (word ~ /^[*]?@[A-Za-z_]/) {
        sub(/@/, "", word)
        word = "\\fI" escaped(word) "\\fR"
    } else if (word ~ /^[*]?(mig_|Mig[A-Z]|MIG_)[A-Za-z0-9_]*(\(\))?$/ || word ~ /^[*][a-z_]+$/) {
        after = (sub(/\(\)$/, "", word) ? "()" : "") after
        word = "\\fB" escaped(word) "\\fR"
    } else if (word ~ /^[a-z0-9-]+\([1-8]\)$/) {
        match(word, /\(/)
        word = "\\fB" escaped(substr(word, 1, RSTART - 1)) "\\fR" substr(word, RSTART)
    } else {
        word = escaped(word)
    }
    return escaped(before) word escaped(after)
}

# Sentences, each on a line of its own.
function print_text(text,    words, n, i, line)
{
    n = split(text, words, /[ \t]+/)
    line = ""
    for (i = 1; i <= n; i++) {
        line = line (line == "" ? "" : " ") word_of(words[i])
        if (words[i] ~ /\.$/ || length(line) > 90) {
            print_line(line)
            line = ""
        }
    }
    if (line != "") {
        print_line(line)
    }
}

# No line may begin like a request.
function print_line(line)
{
    print (line ~ /^[.']/ ? "\\&" : "") line > page
}

# A comment: paragraphs, lines that begin with a parameter, and examples, which are indented.
function print_comment(    i, line, text, before)
{
    text = before = ""
    for (i = 1; i <= n_comment + 1; i++) {
        line = i <= n_comment ? comment[i] : ""
        if (text ~ /^@/) {
            sub(/^\t/, "", line)
        }
        if (i <= n_comment && line != "" && line !~ /^(\t|@[a-z_]+:)/) {
            text = text (text == "" ? "" : " ") line
            continue
        }
        if (text != "") {
            printf "%s", before > page
            print_text(text)
            before = ".PP\n"
        }
        text = line
        if (line ~ /^\t/) {
            print (comment[i - 1] ~ /^\t/ ? "" : ".PP\n.EX\n") "    " escaped(substr(line, 2)) > page
            if (comment[i + 1] !~ /^\t/ || i == n_comment) {
                print ".EE" > page
            }
            text = ""
        } else if (line != "" && before != "") {
            before = ".br\n"
        }
    }
}

# What is declared, and what it means beside it.
function end_block(    i)
{
    if (n_code) {
        print ".PP" > page
        print ".EX" > page
        for (i = 1; i <= n_code; i++) {
            print (code[i] ~ /^[.']/ ? "\\&" : "") escaped(code[i]) > page
        }
        print ".EE" > page
        if (n_comment || freed) {
            print ".RS 4" > page
            print_comment()
            if (freed) {
                print_text("g_autoptr(" freed ") is known, and calls " freer "().")
            }
            print ".RE" > page
        }
    } else if (n_comment) {
        print ".PP" > page
        print_comment()
    }
    n_code = n_comment = 0
    freed = ""
}

# The functions of a file, in order: they are among the names of its page.
function find_functions(file,    line, all)
{
    n_functions = 0
    while ((getline line < file) > 0) {
        if (line ~ /^MIG_API / || (declares && all !~ /;/)) {
            all = line ~ /^MIG_API / ? line : all " " line
            declares = all !~ /\(/
            if (match(all, /mig_[a-z0-9_]+\(/)) {
                functions[++n_functions] = substr(all, RSTART, RLENGTH - 1)
                declares = 0
            }
        }
    }
    close(file)
}

function begin_page(file,    i, link)
{
    name = file
    sub(/.*\//, "", name)
    sub(/\.h$/, "", name)
    gsub(/-/, "_", name)
    name = "mig_" name
    find_functions(file)
    page = out "/" name ".3"
    print ".\\\" Written by lib/manual.awk from lib/" header_of(file) "." > page
    print ".TH " toupper(name) " 3 " date " \"migstat " version "\" \"migstat manual\"" > page
    print ".SH NAME" > page
    printf "%s", name > page
    for (i = 1; i <= n_functions; i++) {
        if (functions[i] != name) {
            printf ", %s", functions[i] > page
            link = out "/" functions[i] ".3"
            print ".so man3/" name ".3" > link
            close(link)
        }
    }
    in_head = 1
    in_code = n_owns = n_code = n_comment = 0
    owns = about = label = freed = ""
}

function header_of(file)
{
    sub(/.*lib\//, "", file)
    return file
}

function end_head(    i, n, parts)
{
    sub(/\.$/, "", owns)
    print " \\- " escaped(owns) > page
    print ".SH SYNOPSIS" > page
    print ".EX" > page
    print "#include <migstat.h>" > page
    print ".EE" > page
    print ".PP" > page
    print ".EX" > page
    print "cc client.c $(pkg\\-config \\-\\-cflags \\-\\-libs migstat)" > page
    print ".EE" > page
    print ".SH DESCRIPTION" > page
    print_text("These are the declarations of the header " header_of(FILENAME) ", which migstat.h includes.")
    n = split(about, parts, /\n/)
    for (i = 1; i <= n; i++) {
        if (parts[i] != "") {
            print ".PP" > page
            print_text(parts[i])
        }
    }
    in_head = 0
}

function end_page()
{
    end_block()
    print ".SH \"SEE ALSO\"" > page
    print ".BR migstat (1)," > page
    print ".BR migstat (3)" > page
    close(page)
}

# "Owns:" up to the next label; what follows the labels after an empty line is the introduction.
function read_head(line)
{
    if (line ~ /^ \*\/$/) {
        end_head()
    } else if (line ~ /^ \* (Owns|Must not know|See also):/) {
        label = line ~ /Owns:/ ? "owns" : "other"
        sub(/^ \* Owns: */, "", line)
        owns = owns (label == "owns" ? line : "")
    } else if (line ~ /^ \*$/) {
        label = "about"
        about = about "\n"
    } else if (label == "owns") {
        sub(/^ \* */, "", line)
        owns = owns " " line
    } else if (label == "about") {
        sub(/^ \* */, "", line)
        about = about (about == "" || about ~ /\n$/ ? "" : " ") line
    }
}

function add_comment(line)
{
    sub(/^\/\* ?/, "", line)
    sub(/ *\*\/$/, "", line)
    sub(/^ *\*\/$/, "", line)
    sub(/^ \*     */, "\t", line)
    sub(/^ \* ?/, "", line)
    sub(/^ +/, "", line)
    if (line != "" || n_comment) {
        comment[++n_comment] = line
    }
}

FNR == 1 {
    if (page != "") {
        end_page()
    }
    begin_page(FILENAME)
    next
}

in_head {
    read_head($0)
    next
}

in_comment {
    add_comment($0)
    in_comment = $0 !~ /\*\//
    next
}

# Bodies of functions.
in_body {
    in_body = $0 !~ /^}/
    next
}

/^(#ifndef MIG_|#define MIG_)[A-Z0-9_]*_H$/ || /^#(include|if|endif)/ || /^G_(BEGIN|END)_DECLS/ { next }
/^\/\* ---/ { end_block(); next }

/^$/ {
    cut = 0
    if (in_code) {
        code[++n_code] = ""
    } else {
        end_block()
    }
    next
}

/^\/\*/ && !in_code {
    if (n_code) {
        end_block()
    }
    n_comment = 0
    add_comment($0)
    in_comment = $0 !~ /\*\//
    next
}

/^G_DEFINE_AUTOPTR_CLEANUP_FUNC/ {
    match($0, /\(.*\)/)
    freed = substr($0, RSTART + 1, RLENGTH - 2)
    freer = freed
    sub(/,.*/, "", freed)
    sub(/.*, */, "", freer)
    next
}

/^{/ && n_code && code[n_code] ~ /\)$/ {
    code[n_code] = code[n_code] ";"
    cut = 0
    in_body = 1
    next
}

{
    line = $0
    if (match(line, /^(MIG_API|static inline) /)) {
        cut = RLENGTH
        line = substr(line, cut + 1)
    } else if (cut && match(line, /^ +/)) { # what goes on stays aligned
        line = substr(line, (RLENGTH < cut ? RLENGTH : cut) + 1)
    }
    cut = line ~ /;/ ? 0 : cut
    code[++n_code] = line
    if (line ~ /{$/) {
        in_code = 1
    }
    if (line ~ /^}/) {
        in_code = 0
    }
}

END { end_page() }
