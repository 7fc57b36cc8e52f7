using EDA.Engine.Evaluation;

namespace EDA.Host.Figures;

/// <summary>What policies would do in some states, side by side: what the tilt from the first of them to the last did.</summary>
public static class ActionFigure
{
    private const double ColumnGap = 8, HeadRoom = 42, TitleGap = 3, RowGap = 26, AxisName = 14;
    private const double QWidth = 300, QGap = 26, StripHead = 20, StripHeight = 74, StripGap = 12, MostStripWidth = 300;
    private const double TitleFont = 13, Font = 12;
    private const int PairSamples = 256, ShownSamples = 1024;
    private const string Ink = "#222", Grey = "#777", DataColor = "#d62728";

    // Of Q, that share at either end is beyond the scales: one odd sample would leave the others one colour.
    private const double BeyondScale = 0.01;

    private static readonly string[] _colors = ["#777777", "#c77d0a", "#31688e"];

    /// <summary>Draws it.</summary>
    /// <param name="samples">The samples; actions of at least two entries.</param>
    /// <param name="name">The figure's name.</param>
    /// <returns>The figure.</returns>
    /// <exception cref="ArgumentException">An action has a single entry.</exception>
    public static Figure Draw(ActionSamples samples, string name = "actions")
    {
        if (samples.ActionSize < 2)
            throw new ArgumentException("actions of a single entry", nameof(samples));
        var policies = samples.Policies;
        bool hasQ = policies.All(policy => policy.Q is not null);
        var sizes = policies.Select((_, p) => ActionPanels.Size(LabelsOf(p, policies.Count, hasQ))).ToArray();
        double panels = AxisName + sizes.Sum(size => size.Width) + (ColumnGap * (policies.Count - 1));
        double width = hasQ ? panels + QGap + QWidth : Math.Max(panels, 560);
        double panelHeight = sizes[0].Height + AxisName, rowHeight = HeadRoom + panelHeight + StripHead + StripHeight + RowGap;
        var sheet = new SvgSheet(name, width, (samples.Rows.Count * rowHeight) - RowGap);
        for (int state = 0; state < samples.Rows.Count; state++)
            DrawState(sheet, samples, state, state * rowHeight, width, sizes, panels, hasQ);
        return new Figure(name, Caption(samples, hasQ), sheet.ToDocument());
    }

    /// <summary>The two entries of an action whose joint distribution differs most between the first policy and the last, by energy distance.</summary>
    /// <param name="samples">The samples.</param>
    /// <param name="state">Which state, from 0.</param>
    /// <returns>The entries, rising.</returns>
    public static (int First, int Second) Pair(ActionSamples samples, int state)
    {
        var (before, after) = (samples.Policies[0], samples.Policies[^1]);
        (int, int) best = (0, 1);
        double most = double.NegativeInfinity;
        if (before == after || samples.ActionSize == 2 || samples.Candidates < 2)
            return best;
        for (int i = 0; i < samples.ActionSize; i++)
        {
            for (int j = i + 1; j < samples.ActionSize; j++)
            {
                double distance = EnergyDistance.Between(Both(before), Both(after), 2);
                if (distance > most)
                    (most, best) = (distance, (i, j));

                float[] Both(SampledActions policy) =>
                    [.. Entries(samples, policy, state, i).Zip(Entries(samples, policy, state, j)).Take(PairSamples).SelectMany(pair => (float[])[pair.First, pair.Second])];
            }
        }

        return best;
    }

    private static void DrawState(SvgSheet sheet, ActionSamples samples, int state, double top, double width, (double Width, double Height, double Left)[] sizes, double panels, bool hasQ)
    {
        var policies = samples.Policies;
        var (first, second) = Pair(samples, state);
        double above = top + HeadRoom, left = AxisName;
        sheet.Write(FormattableString.Invariant($"State of the dataset's row {samples.Rows[state]:#,0}"), 0, top + 15, TitleFont, "start");
        var range = hasQ ? Range([.. policies.SelectMany(policy => Of(samples, policy.Q!, state))]) : default;
        (double X, double Y) from = default;
        for (int p = 0; p < policies.Count; p++)
        {
            float[] x = Entries(samples, policies[p], state, first), y = Entries(samples, policies[p], state, second);
            var mean = ((double)x.Average(), (double)y.Average());
            if (p == 0)
                from = mean;
            var points = new PlanarPoints(x, y, hasQ ? Of(samples, policies[p].Q!, state) : x).AtMost(ShownSamples);
            var cloud = new ActionCloud(points, (Data(samples, state, first), Data(samples, state, second)), mean, from);
            double middle = left + sizes[p].Left + (Panels.Side / 2);
            sheet.Write(policies[p].Name, middle, above - TitleGap, Font, color: Color(p, policies.Count));
            sheet.Add(ActionPanels.Cloud(cloud, hasQ ? range : null, LabelsOf(p, policies.Count, hasQ)), left, above, sizes[p].Width, sizes[p].Height);
            sheet.Write(Entry(first), middle, above + sizes[p].Height + 9, Font);
            if (p == 0)
                sheet.Write(Entry(second), AxisName - 4, above + Panels.TopMargin + (Panels.Side / 2), Font, vertical: true);

            left += sizes[p].Width + ColumnGap;
        }

        if (hasQ)
        {
            sheet.Write("Q", left - ColumnGap - 34, above - TitleGap, Font);
            DrawQ(sheet, samples, state, panels + QGap, above, range);
        }

        DrawEntries(sheet, samples, state, above + sizes[0].Height + AxisName, width, (first, second));
    }

    // How Q is distributed over the samples of each policy.
    private static void DrawQ(SvgSheet sheet, ActionSamples samples, int state, double left, double top, (double Low, double High) range)
    {
        var policies = samples.Policies;
        const double LineHeight = 17;
        double x = left, y = top - TitleGap;
        sheet.Write($"mean Q of the samples, and its difference to {policies[0].Name}", left, top - TitleGap, Font, "start");
        double plotTop = top + ((policies.Count + (samples.DataQ is null ? 0 : 1)) * LineHeight) + 2;
        string format = Format(range);
        double first = Of(samples, policies[0].Q!, state).Average();
        for (int p = 0; p < policies.Count; p++)
            Legend(policies[p].Name, Of(samples, policies[p].Q!, state).Average(), p > 0, Color(p, policies.Count));
        if (samples.DataQ is { } data)
            Legend("the data's action", data[state], true, DataColor);
        sheet.Add(
            ActionPanels.Distributions([.. policies.Select((policy, p) => (Of(samples, policy.Q!, state), Color(p, policies.Count)))], range, samples.DataQ?[state], null, QWidth),
            left,
            plotTop,
            QWidth,
            top + Panels.TopMargin + Panels.Side + ActionPanels.DistributionBottom - plotTop);

        void Legend(string name, double value, bool isCompared, string color)
        {
            y += LineHeight;
            sheet.Write("●", x, y, Font, "start", color: color);
            sheet.Write(name, x + 14, y, Font, "start");
            sheet.Write(Signed(value, format), x + 190, y, Font, "end");
            if (isCompared)
                sheet.Write((value < first ? string.Empty : "+") + Signed(value - first, format), x + 262, y, Font, "end", color: Grey);
        }
    }

    // Every entry's distribution by itself, the policies on top of each other.
    private static void DrawEntries(SvgSheet sheet, ActionSamples samples, int state, double top, double width, (int First, int Second) pair)
    {
        var policies = samples.Policies;
        int count = samples.ActionSize;
        double each = Math.Min(MostStripWidth, (width - AxisName - (StripGap * (count - 1))) / count);
        for (int i = 0; i < count; i++)
        {
            double left = AxisName + (i * (each + StripGap));
            bool isShown = count > 2 && (i == pair.First || i == pair.Second);
            sheet.Write(isShown ? Entry(i) + ", above" : Entry(i), left + (each / 2), top + StripHead - TitleGap, Font, color: isShown ? Ink : count > 2 ? Grey : Ink);
            int entry = i;
            sheet.Add(
                ActionPanels.Distributions([.. policies.Select((policy, p) => (Entries(samples, policy, state, entry), Color(p, policies.Count)))], (-1, 1), Data(samples, state, i), 1, each),
                left,
                top + StripHead,
                each,
                StripHeight);
        }
    }

    private static string Caption(ActionSamples samples, bool hasQ)
    {
        var policies = samples.Policies;
        string first = policies[0].Name, last = policies[^1].Name;
        string tilt = policies.Count == 1
            ? $"What {first} does in {States(samples.Rows.Count)}: {samples.Candidates} sampled actions."
            : $"What the tilt from {first} to {last} did in {States(samples.Rows.Count)}: {samples.Candidates} sampled actions of each, from the same starting noise.";
        string pair = samples.ActionSize == 2 ? string.Empty
            : policies.Count == 1 ? " The first two entries of the actions are shown;"
            : FormattableString.Invariant($" Of the {samples.ActionSize} entries of an action the two are shown whose joint distribution differs most between {first} and {last}, by energy distance;");
        return tilt + pair + (pair.Length > 0 ? " the row of curves beneath has every entry by itself." : " Beneath, each entry a_{0}, a_{1} by itself.")
            + (hasQ ? " Colour: Q, the smaller of the critic's two targets, on one scale in each row." : string.Empty)
            + $" Shaded: where half and nine tenths of the samples lie. Circle: the mean of {first}"
            + (policies.Count > 1 ? "; arrow: from there to the mean of the panel's own" : string.Empty)
            + ". Red: what the data did. Actions are clipped to −1 … 1, as they are played.";
    }

    private static string States(int count) => count == 1 ? "one state of the dataset" : FormattableString.Invariant($"{count} states of the dataset");

    private static PanelLabels LabelsOf(int column, int count, bool hasQ) =>
        PanelLabels.Bottom | (column == 0 ? PanelLabels.Left : PanelLabels.None) | (column == count - 1 && hasQ ? PanelLabels.ColorBar : PanelLabels.None);

    // The first is grey, the last blue, what is between orange.
    private static string Color(int policy, int count) => policy == 0 ? _colors[0] : policy == count - 1 ? _colors[^1] : _colors[1];

    private static string Entry(int i) => FormattableString.Invariant($"a_{{{i}}}");

    private static float[] Of(ActionSamples samples, float[] numbers, int state) => numbers.AsSpan(state * samples.Candidates, samples.Candidates).ToArray();

    private static float[] Entries(ActionSamples samples, SampledActions policy, int state, int entry) =>
        [.. Enumerable.Range(state * samples.Candidates, samples.Candidates).Select(k => Math.Clamp(policy.Actions[(k * samples.ActionSize) + entry], -1, 1))];

    private static float Data(ActionSamples samples, int state, int entry) => Math.Clamp(samples.DataActions[(state * samples.ActionSize) + entry], -1, 1);

    private static (double Low, double High) Range(float[] values)
    {
        Array.Sort(values);
        int left = (int)(BeyondScale * values.Length);
        double low = values[left], high = values[^(left + 1)];
        return high > low ? (low, high) : (low - 0.5, high + 0.5);
    }

    // As many decimals as tell numbers of the range apart.
    private static string Format((double Low, double High) range) => "0." + new string('0', Math.Clamp(2 - (int)Math.Floor(Math.Log10(range.High - range.Low)), 0, 6));

    private static string Signed(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−');
}
