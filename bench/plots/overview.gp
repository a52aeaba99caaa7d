# Every ratio to the best peer: median, its interval and, thin, the range; right of the line is faster
# than the best peer.
file = 'ratios.csv'
stats file using 4 every ::1 nooutput
n = int(STATS_records)
stats file using 5 every ::1 nooutput
low = STATS_min
stats file using 6 every ::1 nooutput
high = STATS_max
low = low < 0.9 ? low / 1.15 : 0.8
high = high > 1.1 ? high * 1.15 : 1.25
# a line between groups
group = ''
before = ''
rules = ''
see(s, at) = (rules = (before ne '' && before ne s) ? rules.sprintf(' %d', at) : rules, before = s, 0)
stats file using (see(strcol(1), int($0))) every ::1 nooutput
state(s) = s eq 'ahead' ? 1 : s eq 'behind' ? 2 : s eq 'none' ? 3 : 4
tint(k) = k == 1 ? blue : k == 2 ? red : grey
label(k) = k == 1 ? 'ahead' : k == 2 ? 'behind' : k == 3 ? 'no difference seen' : 'too few quiet rounds to tell'
set title "weir against the best peer of each case\n".machine
set xlabel "times faster, log scale; 1: the best peer\nmedian, its interval and, thin, the range over the rounds"
set logscale x
set xrange [low:high]
set yrange [n - 0.3:-0.7]
set ytics scale 0 font ',9'
set bmargin 8
set key at screen 0.5, screen 0.01 center bottom horizontal maxrows 1 samplen 1 width 1 font ',10'
set grid noytics
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb '#000000' lw 1.5 back
set for [i = 1:words(rules)] arrow 10 + i from graph 0, first word(rules, i) - 0.5 to graph 1, first word(rules, i) - 0.5 nohead lc rgb '#CCCCCC' lw 1 back
do for [form in 'svg png'] {
	eval open(form, 1000, 195 + 21 * n)
	set output name.'.'.form
	plot file using 4:0:5:6:ytic(strcol(1).'  '.strcol(2).(strcol(3) eq 'weir' ? '' : '  '.strcol(3))) every ::1 with xerrorbars pt -1 lw 0 lc rgb 'white' notitle, \
		for [k = 1:4] file every ::1 using (state(strcol(8)) == k ? $4 : NaN):0:5:6 with xerrorbars lc rgb tint(k) lw 0.7 pt -1 notitle, \
		for [k = 1:4] file every ::1 using (state(strcol(8)) == k ? $4 : NaN):0:9:10 with xerrorbars lc rgb tint(k) lw 2.5 pt (k == 4 ? 6 : 7) ps 0.9 title label(k)
	unset output
}
