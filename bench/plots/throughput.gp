# Rings by message size: messages and bytes per second, commits one by one and in batches.
file = 'throughput.csv'
do for [turn = 1:3] { stats file using (in_turn(strcol(1), strcol(8), turn)) every ::1 nooutput }
transports = list
list = ''
stats file using (strcol(8) eq 'limit' ? 0 : add(strcol(3))) every ::1 nooutput
batches = list
rows = words(batches)
stats file using 2 every ::1 nooutput
small = STATS_min / 1.5
large = STATS_max * 1.5
set logscale x 2
set logscale y
set xrange [small:large]
set xtics ('8 B' 8, '16' 16, '32' 32, '64 B' 64, '128' 128, '256' 256, '512' 512, '1 KiB' 1024, '2' 2048, '4 KiB' 4096)
set xlabel 'payload of a message (log scale)'
# a key is no higher than its panel: the names beyond the first ones are beside the second row
fits(i) = i <= 13 || rows == 1 ? 1 : 2
how(b) = b == 1 ? 'published one by one' : sprintf('published in batches of %d', b)
# Of one transport and batch; a limit has no batch.
is(t, b, who, batch, kind) = who eq t && (kind eq 'limit' || batch == b)
do for [form in 'svg png'] {
	eval open(form, 1150, 130 + 340 * rows)
	set output name.'.'.form
	set multiplot layout rows, 2 margins screen 0.07, 0.80, 0.11 / rows + 0.03, 1 - 0.3 / (rows + 1.0) spacing 0.07, 0.14 \
		title "Rings: one writer, one reader, on threads; medians. One by one, weir's reader gives space back every 32 messages, weir-each and the peers at each\n".machine
	do for [r = 1:rows] {
		b = int(word(batches, r))
		do for [c = 1:2] {
			set title how(b)
			set ylabel (c == 1 ? 'million messages per second (log scale)' : 'GB per second, payload (log scale)')
			set format y '%g'
			if (r <= 2 && c == 1) {
				set key at screen 0.99, screen (r == 1 ? 0.86 : 0.41) right top vertical maxcols 1 Left reverse samplen 2 spacing 1.2
			} else {
				unset key
			}
			plot for [i = 1:words(transports)] NaN \
				with linespoints lw width(word(transports, i)) lc rgb colour(word(transports, i), i) \
				pt mark(word(transports, i), i) ps 1.1 dt dash(word(transports, i)) \
				title (fits(i) == r ? word(transports, i) : ''), \
				for [i = 1:words(transports)] file every ::1 \
				using 2:(is(word(transports, i), b, strcol(1), column(3), strcol(8)) ? (c == 1 ? $4 / 1e6 : $7) : NaN) \
				with linespoints lw width(word(transports, i)) lc rgb colour(word(transports, i), i) \
				pt mark(word(transports, i), i) ps 1.1 dt dash(word(transports, i)) notitle
		}
	}
	unset multiplot
	unset output
}
