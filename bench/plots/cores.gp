# Heat maps: row asks, column answers.
array files[8]
array labels[8]
n = 0
what = 'line ring progress barrier'
unit = "one cache line,one way|ring, send to read,one way|progress, publish to observe,one way|barrier of two,per generation"
do for [w in what] {
	if (there('cores-'.w.'.csv')) {
		n = n + 1
		files[n] = 'cores-'.w.'.csv'
		labels[n] = w eq 'line' ? 'a cache line, one way' : w eq 'ring' ? 'ring, send to read, one way' : w eq 'progress' ? 'progress, publish to observe, one way' : 'barrier of two, a generation'
	}
}
stats files[1] matrix rowheaders columnheaders nooutput
cpus = int(STATS_size_x)
columns = n < 2 ? 1 : 2
rows = (n + columns - 1) / columns
side = cpus <= 4 ? 380 : cpus <= 16 ? 520 : cpus <= 48 ? 660 : cpus < 140 ? 13 * cpus : 1800
set palette defined (0 '#440154', 0.25 '#3B528B', 0.5 '#21918C', 0.75 '#5EC962', 1 '#FDE725') negative
number(v) = v != v ? '' : sprintf(v < 100 ? '%.1f' : '%.0f', v)
set size ratio 1
unset grid
set border 0
set tics scale 0
small = cpus <= 16 ? ',9' : ',6'
set xtics out font small
set ytics out font small
if (cpus > 16) {
	set xtics rotate by 90 right
}
set yrange [*:*] reverse
set xlabel 'answers, CPU'
set ylabel 'asks, CPU'
unset key
do for [form in 'svg png'] {
	eval open(form, 60 + columns * (side + 60), 90 + rows * (side - 40))
	set output name.'.'.form
	set multiplot layout rows, columns title "CPU pairs: nanoseconds, medians\n".machine
	do for [f = 1:n] {
		set title labels[f]
		stats files[f] matrix rowheaders columnheaders nooutput
		set cbrange [0:STATS_max]
		middle = STATS_max / 2
		if (cpus <= 16) {
			plot files[f] matrix rowheaders columnheaders with image, \
				'' matrix rowheaders columnheaders using 1:2:($3 < middle ? number($3) : '') with labels font ',10' tc rgb '#000000', \
				'' matrix rowheaders columnheaders using 1:2:($3 < middle ? '' : number($3)) with labels font ',10' tc rgb '#FFFFFF'
		} else {
			plot files[f] matrix rowheaders columnheaders with image
		}
	}
	unset multiplot
	unset output
}
