# Percentile curves, each case a panel; towards the right ever fewer operations take longer than that.
file = 'latency.csv'
# the clock alone is no case, unless there is nothing else
stats file using (strcol(1) eq 'clock' ? 0 : add(strcol(1))) every ::1 nooutput
cases = list eq '' ? 'clock' : list
list = ''
stats file using (cases ne 'clock' && strcol(1) eq 'clock' ? 0 : add(strcol(2))) every ::1 nooutput
whos = list
stats file using (cases ne 'clock' && strcol(1) eq 'clock' ? NaN : $4) every ::1 nooutput
low = 10 ** floor(log10(STATS_min > 1 ? STATS_min : 1))
high = 10 ** ceil(log10(STATS_max > 10 ? STATS_max : 10))
n = words(whos)
panels = words(cases)
columns = panels < 2 ? 1 : panels < 5 ? 2 : 3
rows = (panels + columns - 1) / columns
nines(p) = p >= 100 ? NaN : 1 / (1 - p / 100.0)
set logscale xy
set xrange [1:2e5]
set yrange [low:high]
# lines of a key, of some 17 points each, in as many rows of panels
fitting(r) = (40 + 345 * r) / 17.0
do for [form in 'svg png'] {
	eval open(form, columns == 1 ? 950 : columns == 2 ? 1250 : 1600, 130 + 360 * rows)
	set output name.'.'.form
	set multiplot layout rows, columns margins screen 0.07, columns == 1 ? 0.77 : columns == 2 ? 0.82 : 0.87, 0.12 / rows + 0.01, 1 - 0.3 / (rows + 1.0) spacing 0.06, 0.22 / rows \
		title "Latency, operation by operation, all kept rounds together\n".machine
	set border 3
	set xtics ('0' 1, '50' 2, '90' 10, '99' 100, '99.9' 1e3, '99.99' 1e4, '99.999' 1e5)
	eval 'set ytics '.durations
	set xlabel 'percentile'
	set ylabel 'of the operations take at most (log scale)'
	do for [c = 1:panels] {
		set title word(cases, c)
		unset key
		plot for [i = 1:n] file every ::1 \
			using (strcol(1) eq word(cases, c) && strcol(2) eq word(whos, i) ? nines($3) : NaN):4 \
			with linespoints lw width(word(whos, i)) lc rgb colour(word(whos, i), i) \
			pt mark(word(whos, i), i) ps 0.5 notitle
	}
	# The key is a panel of its own, as high as all of them: it would be cut to the height of one.
	set lmargin at screen columns == 1 ? 0.78 : columns == 2 ? 0.83 : 0.873
	set rmargin at screen 0.995
	set tmargin at screen 1 - 0.3 / (rows + 1.0)
	set bmargin at screen 0.01
	unset border
	unset tics
	unset xlabel
	unset ylabel
	unset title
	set key inside left top vertical maxcols 1 Left reverse samplen 2 font ',9' spacing (n > fitting(rows) ? 1.1 * fitting(rows) / n : 1.1)
	plot for [i = 1:n] NaN \
		with linespoints lw width(word(whos, i)) lc rgb colour(word(whos, i), i) \
		pt mark(word(whos, i), i) ps 0.8 title word(whos, i)
	unset multiplot
	unset output
}
