# What all plots share. `name` and `machine` are set before.
set termoption noenhanced
set datafile separator comma
set datafile missing NaN
set encoding utf8
set border 3 lc rgb '#444444'
set tics nomirror
set grid xtics ytics lt 1 lc rgb '#E0E0E0' lw 0.7, lt 1 lc rgb '#F0F0F0' lw 0.5
# Colours that stay apart for the colour-blind (Okabe and Ito): warm for weir, the others for peers.
warm = '#D55E00 #E69F00 #A03000 #F0B060'
cold = '#0072B2 #009E73 #CC79A7 #56B4E9 #000000 #8C6D31 #7F7F7F #882255 #332288 #999933 #44AA99'
blue = '#0072B2'
red = '#D55E00'
grey = '#8A8A8A'
is_ours(s) = strstrt(s, 'weir') == 1
is_limit(s) = strstrt(s, 'limit:') == 1
colour(s, i) = is_limit(s) ? '#BBBBBB' : is_ours(s) ? word(warm, (i - 1) % 4 + 1) : word(cold, (i - 1) % 11 + 1)
dash(s) = is_limit(s) ? 2 : 1
width(s) = is_ours(s) ? 3 : 1.5
marks = '7 5 9 11 13 4 6 8 10 12 3 1 2'
mark(s, i) = is_limit(s) ? 0 : int(word(marks, (i - 1) % 13 + 1))
# A logarithmic axis of durations in ns.
durations = "('1 ns' 1, '10 ns' 10, '100 ns' 100, '1 µs' 1e3, '10 µs' 1e4, '100 µs' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, '10 s' 1e10)"
# Words without repetition, in the order in which they come: call it for every line of a file.
list = ''
add(s) = (list = strstrt(' '.list.' ', ' '.s.' ') ? list : list eq '' ? s : list.' '.s, 0)
# Ours first, then peers, then limits: what `kind` says of a line.
in_turn(s, kind, turn) = (kind eq 'weir' ? 1 : kind eq 'limit' ? 3 : 2) == turn ? add(s) : 0
there(file) = system("test -s '".file."' && echo 1") eq '1'
open(form, x, y) = form eq 'svg' ? \
	sprintf("set terminal svg size %d,%d dynamic font 'DejaVu Sans,Verdana,sans-serif,13' background 'white' noenhanced", x, y) : \
	strstrt(GPVAL_TERMINALS, ' pngcairo ') ? \
	sprintf("set terminal pngcairo size %d,%d font 'DejaVu Sans,10' background 'white' noenhanced", x, y) : \
	sprintf("set terminal png size %d,%d noenhanced", x, y)
