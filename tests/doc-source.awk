# What of a document is for the compiler.
#
#	awk -v want=synopsis -f doc-source.awk PAGE	declarations in the SYNOPSIS of an mdoc page
#	awk -v want=examples -v dir=D -f doc-source.awk PAGE...
#							writes each display that begins with #include
#							to D/PAGE.LINE.c
#	awk -v want=readme -f doc-source.awk FILE.md	all blocks marked as C, in order: one program
#
# Every line keeps its number, by way of #line.

# Splits the arguments of a macro, in quotes or not, into arg[1..n].
function arguments(text,	n)
{
	n = 0
	while (match(text, /^[ \t]*("[^"]*"|[^ \t"]+)/)) {
		arg[++n] = substr(text, RSTART, RLENGTH)
		gsub(/^[ \t]+|"/, "", arg[n])
		text = substr(text, RSTART + RLENGTH)
	}
	return n
}

function declare(name, list)
{
	if (type != "")
		print type " " name "(" (list == "" ? "void" : list) ");"
}

function located()
{
	return "#line " FNR " \"" FILENAME "\""
}

want == "readme" {
	if (/^```/) {
		inside = /^```c$/
		if (inside)
			print "#line " FNR + 1 " \"" FILENAME "\""
	} else if (inside) {
		print
	}
	next
}

want == "examples" {
	if (/^\.Bd/) {
		starts = 1
	} else if (/^\.Ed/) {
		starts = 0
		if (out != "")
			close(out)
		out = ""
	} else {
		if (starts && /^#include/) {
			out = FILENAME
			sub(/.*\//, "", out)
			out = dir "/" out "." FNR ".c"
			print located() > out
		}
		starts = 0
		if (out != "") {
			gsub(/\\e/, "\\")
			gsub(/\\&/, "")
			gsub(/\\-/, "-")
			print > out
		}
	}
	next
}

/^\.Sh/ {
	synopsis = /^\.Sh SYNOPSIS/
	next
}

synopsis && /^\.(In|Ft|Fn|Fo|Fa|Fc|Vt)( |$)/ {
	macro = substr($0, 2, 2)
	n = arguments(substr($0, 4))
	print located()
	if (macro == "In") {
		print "#include <" arg[1] ">"
	} else if (macro == "Ft") {
		type = substr($0, 5)
		gsub(/"/, "", type)
	} else if (macro == "Fn") {
		list = ""
		for (i = 2; i <= n; i++)
			list = list (i > 2 ? ", " : "") arg[i]
		declare(arg[1], list)
	} else if (macro == "Fo") {
		open = arg[1]
		list = ""
	} else if (macro == "Fa") {
		for (i = 1; i <= n; i++)
			list = list (list != "" ? ", " : "") arg[i]
	} else if (macro == "Fc") {
		declare(open, list)
	} else if (arg[1] == "extern") {
		print substr($0, 5)
	}
}
