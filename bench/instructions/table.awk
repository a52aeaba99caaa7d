# Instructions per call: from a profile and the list of its cases to a table, and two tables compared.
#
# awk -v how=rows -f table.awk LIST PROFILE
#	writes the table's rows: call, operation, instructions, reads, writes
# awk -v how=compare -v slack=1 -v percent=2 -f table.awk COMMITTED MEASURED
#	says what has changed; exit status 1 when a call has grown, is new, or is gone

BEGIN { FS = how == "rows" ? "\t" : "|" }

# ---- rows ----

# LIST: rounds, operations of a round, call, operation; the first is the empty loop
how == "rows" && FNR == NR {
	n++
	rounds[n] = $1
	per[n] = $2
	call[n] = $3
	what[n] = $4
	next
}
how == "rows" && /^desc: Trigger: Client Request: / {
	part = substr($0, length("desc: Trigger: Client Request: ") + 1)
	next
}
how == "rows" && /^totals: / && part != "" {
	split($0, word, " ")
	ir[part] = word[2]
	dr[part] = word[3]
	dw[part] = word[4]
	part = ""
	next
}

# What a round more costs, without the loop around it, by operation.
function each(cost, i) {
	return ((cost[call[i] "/2n"] - cost[call[i] "/n"]) / rounds[i] - \
		(cost[call[1] "/2n"] - cost[call[1] "/n"]) / rounds[1]) / per[i]
}

# ---- compare ----

function trim(s) {
	gsub(/^[ `]+|[ `]+$/, "", s)
	return s
}
how == "compare" && /^\| `/ {
	name = trim($2)
	if (FNR == NR)
		before[name] = trim($4)
	else {
		order[++n] = name
		now[name] = trim($4)
	}
}

function report(kind, name, old, new) {
	printf "%-8s %s: %s -> %s instructions (%+.1f %%)\n", kind, name, old, new, \
		(old > 0 ? (new - old) * 100 / old : 0)
}

END {
	if (how == "rows") {
		for (i = 2; i <= n; i++) {
			if (!((call[i] "/2n") in ir)) {
				print "no profile of " call[i] > "/dev/stderr"
				exit 1
			}
			printf "| `%s` | %s | %.1f | %.1f | %.1f |\n", call[i], what[i], \
				each(ir, i), each(dr, i), each(dw, i)
		}
		exit n < 2
	}
	for (i = 1; i <= n; i++) {
		name = order[i]
		if (!(name in before)) {
			printf "%-8s %s: %s instructions, not in the table\n", "NEW", name, now[name]
			bad++
			continue
		}
		old = before[name]
		difference = now[name] - old
		limit = old * percent / 100
		if (limit < slack)
			limit = slack
		# figures have one decimal
		if (difference > limit + 0.05) {
			report("GROWN", name, old, now[name])
			bad++
		} else if (-difference > limit + 0.05) {
			report("fallen", name, old, now[name])
			fallen++
		} else if (difference != 0)
			moved++
	}
	for (name in before)
		if (!(name in now)) {
			printf "%-8s %s: in the table, but not measured\n", "GONE", name
			bad++
		}
	printf "%d calls: %d grown, new or gone; %d fallen; %d others moved by %s %% or %s at most\n", \
		n, bad, fallen, moved, percent, slack
	exit n == 0 || bad > 0
}
