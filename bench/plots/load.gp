# Response time against the rate that was achieved; a ring round the knee.
file = 'load.csv'
stats file using (add(strcol(1))) every ::1 nooutput
whos = list
n = words(whos)
set logscale xy
stats file using 10 every ::1 nooutput
knees = STATS_records > 0
set xlabel 'achieved, messages per second (log scale)'
set ylabel 'response time, from when a message was due (log scale)'
set format x '%.0s%c'
eval 'set ytics '.durations
set key outside right top vertical maxcols 1 Left reverse samplen 3 spacing 1.2
do for [form in 'svg png'] {
	eval open(form, 1050, 600)
	set output name.'.'.form
	set title "Response time under a fixed rate: p99 (full lines) and p50 (dashes)\n".machine
	plot for [i = 1:n] file every ::1 using (strcol(1) eq word(whos, i) ? $3 : NaN):6 \
		with linespoints lw width(word(whos, i)) lc rgb colour(word(whos, i), i) \
		pt mark(word(whos, i), i) ps 1 title word(whos, i).' p99', \
		for [i = 1:n] file every ::1 using (strcol(1) eq word(whos, i) ? $3 : NaN):4 \
		with linespoints lw width(word(whos, i)) * 0.7 lc rgb colour(word(whos, i), i) dt 2 \
		pt mark(word(whos, i), i) ps 0.6 title word(whos, i).' p50', \
		for [i = 1:n] file every ::1 using (strcol(1) eq word(whos, i) && column(10) == 1 ? $3 : NaN):6 \
		with points lw 2 lc rgb colour(word(whos, i), i) pt 6 ps 3 title (knees && i == 1 ? 'knee' : '')
	unset output
}
