# Second by second: response times, and the longest gaps of both CPUs. Many seconds are drawn in groups,
# each by the worst of its seconds.
file = 'soak.csv'
stats file using 1 every ::1 nooutput
seconds = int(STATS_records)
step = seconds > 1500 ? int(ceil(seconds / 1500.0)) : 1
stats file using 6 every ::1 nooutput
high = STATS_records > 0 ? STATS_max : 1
# The worst of a group at its last line, NaN at the others.
worst(v) = (w = int(column(1)) % step == 0 || !(w >= v) ? v : w, int(column(1)) % step == step - 1 || int(column(1)) == seconds - 1 ? w : NaN)
w = 0
set logscale y
set xrange [0:seconds > 1 ? seconds - 1 : 1]
set yrange [50:high * 2]
set xlabel step == 1 ? 'second' : sprintf('second, in groups of %d', step)
set ylabel 'ns (log scale)'
eval 'set ytics '.durations
set key outside right top vertical maxcols 1 Left reverse samplen 3 spacing 1.2
do for [form in 'svg png'] {
	eval open(form, 1050, 520)
	set output name.'.'.form
	set title "One rate for a long time: response times and the CPUs' own gaps\n".machine
	plot file every ::1 using 1:(worst(column(8))) with impulses lw 2 lc rgb '#BBBBBB' title "longest gap, writer's CPU", \
		file every ::1 using ($1 + 0.3 * step):(worst(column(11))) with impulses lw 2 lc rgb '#7F7F7F' title "longest gap, reader's CPU", \
		file every ::1 using 1:(worst(column(6))) with points lw 1.5 pt 7 ps 0.5 lc rgb red title 'response, max', \
		file every ::1 using 1:(worst(column(5))) with lines lw 2 lc rgb '#E69F00' title 'response, p99', \
		file every ::1 using 1:(worst(column(4))) with lines lw 2 lc rgb blue title 'response, p50'
	unset output
}
