# Splits C into what the compiler reads and what people read.
#
#	awk -v want=code -f c-lexer.awk FILE...		file:line: code, strings emptied
#	awk -v want=comments -f c-lexer.awk FILE...	file:line: the text of the comments
#
# The names in #include lines stay as they are.

function lex(line,	code, notes, rest, at, quote)
{
	code = notes = ""
	rest = line
	while (rest != "") {
		if (inside) {
			at = index(rest, "*/")
			if (!at) {
				notes = notes rest
				break
			}
			notes = notes substr(rest, 1, at - 1)
			rest = substr(rest, at + 2)
			code = code " "
			inside = 0
			continue
		}
		if (!match(rest, /\/\*|\/\/|"|'/)) {
			code = code rest
			break
		}
		code = code substr(rest, 1, RSTART - 1)
		quote = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		if (quote == "/*") {
			inside = 1
		} else if (quote == "//") {
			notes = notes rest
			break
		} else {
			code = code quote quote
			while (rest != "" && substr(rest, 1, 1) != quote)
				rest = substr(rest, substr(rest, 1, 1) == "\\" ? 3 : 2)
			rest = substr(rest, 2)
		}
	}
	return want == "code" ? code : notes
}

FNR == 1 { inside = 0 }

!inside && /^[ \t]*#[ \t]*include/ {
	if (want == "code")
		print FILENAME ":" FNR ": " $0
	next
}

{
	text = lex($0)
	if (text ~ /[^ \t]/)
		print FILENAME ":" FNR ": " text
}
