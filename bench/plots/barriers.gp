# One generation of a barrier by parties, a panel for each way of waiting; threads.
file = 'barriers.csv'
only(s, on) = on eq 'threads' ? add(s) : 0
of_turn(s, on, kind, turn) = on eq 'threads' ? in_turn(s, kind, turn) : 0
do for [turn = 1:2] { stats file using (of_turn(strcol(1), strcol(4), strcol(8), turn)) every ::1 nooutput }
barriers = list
list = ''
stats file using (only(strcol(3), strcol(4))) every ::1 nooutput
ways = list
if (words(ways) == 0) {
	print 'no barrier on threads'
	exit
}
stats file using (strcol(4) eq 'threads' ? $6 : NaN) every ::1 nooutput
low = 10 ** floor(log10(STATS_min))
stats file using (strcol(4) eq 'threads' ? $7 : NaN) every ::1 nooutput
high = 10 ** ceil(log10(STATS_max))
n = words(barriers)
panels = words(ways)
# beside each other where they have the same number of parties
beside(parties, i) = parties * 1.05 ** (i - (n + 1) / 2.0)
nice(w) = w eq 'spin' ? 'spinning' : w eq 'yield' ? 'looking, then yielding' : 'looking, then sleeping'
set logscale x 2
set logscale y
stats file using (strcol(4) eq 'threads' ? $2 : NaN) every ::1 nooutput
set xrange [STATS_min / 1.6:STATS_max * 1.6]
set yrange [low:high]
set xtics (2, 4, 8, 16)
set xlabel 'parties'
eval 'set ytics '.durations
do for [form in 'svg png'] {
	eval open(form, 300 + 330 * panels, 560)
	set output name.'.'.form
	set multiplot layout 1, panels margins screen 90.0 / (300 + 330 * panels), 1 - 200.0 / (300 + 330 * panels), 0.12, 0.82 spacing 0.06, 0 \
		title "Barriers: one generation, on threads: median, min and max of the rounds\n".machine
	do for [w = 1:panels] {
		set title nice(word(ways, w))
		if (w == 1) {
			set ylabel 'time per generation (log scale)'
			set key at screen 0.99, screen 0.82 right top vertical maxcols 1 Left reverse samplen 2 spacing 1.2
		} else {
			unset ylabel
			unset key
		}
		plot for [i = 1:n] NaN with linespoints lw width(word(barriers, i)) lc rgb colour(word(barriers, i), i) pt mark(word(barriers, i), i) ps 1.1 title word(barriers, i), \
			for [i = 1:n] file every ::1 \
			using (strcol(1) eq word(barriers, i) && strcol(3) eq word(ways, w) && strcol(4) eq 'threads' ? beside($2, i) : NaN):5 \
			with lines lw width(word(barriers, i)) * 0.6 lc rgb colour(word(barriers, i), i) notitle, \
			for [i = 1:n] file every ::1 \
			using (strcol(1) eq word(barriers, i) && strcol(3) eq word(ways, w) && strcol(4) eq 'threads' ? beside($2, i) : NaN):5:6:7 \
			with yerrorbars lw width(word(barriers, i)) lc rgb colour(word(barriers, i), i) \
			pt mark(word(barriers, i), i) ps 1.1 notitle
	}
	unset multiplot
	unset output
}
