using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EDA.Bench.Kernels;
using EDA.Bench.Timing;
using EDA.Host.Devices;
using EDA.Host.Reports;
using MathNet.Numerics.Statistics;

namespace EDA.Bench.Comparison;

/// <summary>How much is compared.</summary>
/// <param name="Rounds">How often each program has its turn.</param>
/// <param name="Limit">When all is to be there: a row whose share of it is over has no more rounds. Null for however long it takes.</param>
/// <param name="BlockSeconds">What a turn of the engine takes at least.</param>
/// <param name="Small">Whether sizes are small.</param>
/// <param name="Steps">The rows that are wanted, of <see cref="ComparisonRun.Names"/>.</param>
internal sealed record ComparisonSize(int Rounds, TimeSpan? Limit, double BlockSeconds, bool Small, IReadOnlyCollection<string> Steps);

/// <summary>
/// Runs a comparison. Each step has fresh processes, one a program, which wait for their turns: the engine between two turns of
/// the peak, then each reference, round after round, so that whatever else the machine does slows all sides alike. Times are each
/// process's own, medians of rounds; memory is the most that the process ever held.
/// </summary>
internal sealed class ComparisonRun(PeerProgram engineProgram, IReadOnlyList<(PeerProgram Best, PeerProgram? Default)> references, DeviceChoice device, ComparisonSize size, TextWriter output)
{
    // As a reference's default settings are only quoted, fewer turns do.
    private const int DefaultRounds = 2;

    // One that takes so many times as long as the engine is timed once: more turns say nothing more.
    private const double Hopeless = 20;

    // So is a step of so many seconds, where all is to be there soon.
    private const double LongSeconds = 3;

    // A whole run takes many seconds, and its parts have rows of their own: three rounds at most, of a tenth of the budget quick,
    // and of a hundredth where all is to be there soon.
    private const int WholeRounds = 3, WholeShare = 10, ShortShare = 100;

    // A reference whose threads wait in a busy loop does so for milliseconds after its turn.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<ComparisonRow> _rows = [];
    private readonly List<ComparisonRow> _defaults = [];
    private readonly List<ComparedStep> _steps = [];
    private readonly List<ComparedMemory> _memory = [];
    private readonly List<ComparedProgram> _programs = [];
    private string _arithmetic = string.Empty;
    private int _engineRounds = int.MaxValue;
    private int _row;

    /// <summary>The rows that there can be.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Workload.Compared, FileToScore.Name];

    private IEnumerable<PeerProgram> Programs => [engineProgram, .. references.Select(reference => reference.Best), .. references.Select(reference => reference.Default).OfType<PeerProgram>()];

    /// <summary>Compares everything.</summary>
    /// <returns>The comparison.</returns>
    /// <exception cref="PeerException">A program failed.</exception>
    public ComparisonDocument Run()
    {
        foreach (string name in Workload.Compared.Where(size.Steps.Contains))
            Step(name);
        if (size.Steps.Contains(FileToScore.Name))
            Whole();
        double[] peaks = [.. _steps.Select(step => step.PeakGflops).OfType<double>()];
        double? peak = peaks.Length > 0 ? peaks.Median() : null;
        return new ComparisonDocument(_rows, _defaults, _steps, _memory, _programs, peak, _arithmetic, _engineRounds, ProgramVersion.System);
    }

    private void Step(string name)
    {
        var goesOn = BeginRow(name, size.Rounds);
        var sides = new List<Side>();
        try
        {
            // They start side by side, and none runs before all are ready.
            foreach (var program in Programs)
                sides.Add(new Side(program, new PeerProcess(program)));
            foreach (var side in sides)
                _ = side.Process!.Description;
            var engine = sides[0];
            // Once to compile and load, once to see how long it takes; then a block, as it will be timed.
            engine.Process!.Run(name, 1);
            var (first, work, what) = engine.Process.Run(name, 1);
            int count = (int)Math.Clamp(Math.Ceiling(size.BlockSeconds / Math.Max(first, 1e-6)), 1, 1000);
            double gflops = 0;
            foreach (var side in sides.ToList())
            {
                var process = side.Process!;
                if ((side == engine ? first : Begin(side, name)) is not { } begun)
                {
                    sides.Remove(side);
                    process.Dispose();
                    continue;
                }

                Meet(side.Program, process);
                double once = IsUnfair(side.Program) ? begun : process.Run(name, 1).Seconds;
                side.Turn = new Turn(() => side == engine ? BetweenPeaks(process) : Timed(process)) { Most = side.IsDefault ? DefaultRounds : size.Rounds };
                if (side != engine && (IsUnfair(side.Program) || once > Hopeless * first || (size.Limit is not null && once > LongSeconds)))
                {
                    side.Turn.Most = 1;
                    side.Turn.Add(once);
                }
                else if (first * count < 1)
                {
                    process.Run(name, count);
                }
            }

            Turns.Take([.. sides.Select(side => side.Turn)], size.Rounds, goesOn);
            _steps.Add(new ComparedStep(name, what!, work, gflops, work / gflops / 1e9));
            Add(name, sides, work / gflops / 1e9);

            double Timed(PeerProcess process)
            {
                Thread.Sleep(Pause);
                return process.Run(name, count).Seconds;
            }

            // The pause comes first: a reference's turn before it must not lower the peak.
            double BetweenPeaks(PeerProcess process)
            {
                Thread.Sleep(Pause);
                Peak();
                double seconds = process.Run(name, count).Seconds;
                Peak();
                return seconds;
            }

            void Peak()
            {
                var peak = engine.Process.Ask(new JsonObject { ["run"] = "peak" });
                gflops = peak["gflops"]!.GetValue<double>(); // the median of all its turns
                _arithmetic = peak["arithmetic"]!.GetValue<string>();
            }
        }
        finally
        {
            foreach (var side in sides)
                side.Process?.Dispose();
        }
    }

    // What a reference cannot do it is left out of, with its reason.
    private double? Begin(Side side, string name)
    {
        try
        {
            return side.Process!.Run(name, 1).Seconds;
        }
        catch (PeerException error)
        {
            output.WriteLine($"{name} is without {ComparisonPage.ProgramTitle(side.Program.Name)}{(side.IsDefault ? " as it comes" : string.Empty)}: {error.Message}");
            return null;
        }
    }

    /// <summary>A whole run: a fresh process each time, from its start to a score.</summary>
    private void Whole()
    {
        int rounds = Math.Min(size.Rounds, WholeRounds);
        var goesOn = BeginRow(FileToScore.Name, rounds);
        using var run = new FileToScore(engineProgram.Device!, size.Small ? null : size.Limit is null ? WholeShare : ShortShare);
        var sides = new List<Side>();
        foreach (var program in Programs.Where(program => program.Device is not null || program.Name == ReferencePrograms.PyTorch))
        {
            var side = new Side(program, null);
            side.Turn = new Turn(() => Whole(side, run)) { Most = side.IsDefault ? 1 : rounds };
            try
            {
                side.Turn.Take();
                sides.Add(side);
            }
            catch (PeerException error) when (program != engineProgram)
            {
                output.WriteLine($"{FileToScore.Name} is without {program.Name}: {error.Message}");
            }
        }

        // Medians of three bear the first, which finds files and programs outside the system's cache.
        if (rounds > 1 && goesOn(1))
            Turns.Take([.. sides.Select(side => side.Turn)], rounds - 1, round => goesOn(round + 1));
        _steps.Add(new ComparedStep(FileToScore.Name, run.What, null, null, null));
        Add(FileToScore.Name, sides, null);
    }

    private double Whole(Side side, FileToScore run)
    {
        long start = Stopwatch.GetTimestamp();
        using (var process = new PeerProcess(side.Program))
        {
            Meet(side.Program, process);
            if (side.Program.Device is { } options)
            {
                process.Ask(new JsonObject { ["stages"] = run.Stages(options) });
            }
            else
            {
                var (trained, rolledOut) = run.ReferenceStages(device.IsCuda);
                process.Ask(new JsonObject { ["stages"] = trained });
                using var engine = new PeerProcess(engineProgram);
                engine.Ask(new JsonObject { ["stages"] = rolledOut });
            }

            side.PeakBytes = process.PeakBytes;
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Says that a row begins.</summary>
    /// <returns>Asked before every round but the first whether there is time for it.</returns>
    private Func<int, bool> BeginRow(string name, int rounds)
    {
        var end = size.Limit is { } limit ? _watch.Elapsed + ((limit - _watch.Elapsed) / (size.Steps.Count - _row)) : TimeSpan.MaxValue;
        Say($"{name}, row {++_row} of {size.Steps.Count}: {string.Join(", ", Programs.Select(program => program.Name).Distinct())}");
        return round =>
        {
            bool goesOn = _watch.Elapsed < end;
            Say(goesOn ? $"  round {round + 1} of {rounds}" : $"  {round} of {rounds} rounds, to be done in time; --rounds {rounds} has them all");
            return goesOn;
        };
    }

    private void Say(string what) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{_watch.Elapsed:m\\:ss}] {what}"));

    private void Add(string name, List<Side> sides, double? floor)
    {
        double seconds = sides[0].Turn.Median;
        _engineRounds = Math.Min(_engineRounds, sides[0].Turn.Count);
        foreach (var side in sides)
            _memory.Add(new ComparedMemory(name, side.Program.Name, side.Program.Settings, side.PeakBytes));
        var others = sides.Skip(1).ToArray();
        if (!others.Any(side => !side.IsDefault))
            _rows.Add(new ComparisonRow(name, seconds, null, null, null, floor / seconds, sides[0].Turn.Count, null));
        foreach (var side in others)
            (side.IsDefault ? _defaults : _rows).Add(new ComparisonRow(name, seconds, side.Program.Name, side.Turn.Median, side.Turn.Median / seconds, floor / seconds, sides[0].Turn.Count, side.Turn.Count));
        string times = string.Join("  ", others.Select(side => string.Create(CultureInfo.InvariantCulture, $"{side.Program.Name}{(side.IsDefault ? " (default)" : string.Empty)} {ComparisonPage.Time(side.Turn.Median)}, {side.Turn.Median / seconds:0.00} ×")));
        string share = floor is null ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" {floor / seconds * 100:0} % of peak");
        output.WriteLine($"{name,-18} eda {ComparisonPage.Time(seconds)}{share}  {times}");
    }

    /// <summary>Notes who takes part, once each; what it has loaded shows once it has begun.</summary>
    private void Meet(PeerProgram program, PeerProcess process)
    {
        if (_programs.Any(known => known.Program == program.Name && known.Settings == program.Settings))
            return;
        var said = process.Description;
        var blas = said.ContainsKey("blas") ? BlasLibrary.Of(process.Id, said["blas"]?.GetValue<string>()) : null;
        _programs.Add(new ComparedProgram(
            program.Name, program.Settings, said["version"]!.GetValue<string>(), said["device"]!.GetValue<string>(), said["precision"]!.GetValue<string>(), said["threads"]?.GetValue<int>(),
            blas?.Name, blas?.Path, blas is { IsUnfair: true }, said["kernel"]?.GetValue<string>()));
        if (blas is { IsUnfair: true } && program.Settings == ComparisonDocument.Best)
            output.WriteLine($"unfair: {blas.Remedy}");
    }

    private bool IsUnfair(PeerProgram program) => _programs.Any(known => known.Program == program.Name && known.Settings == program.Settings && known.Unfair);

    private sealed class Side(PeerProgram program, PeerProcess? process)
    {
        private long? _peakBytes;

        public PeerProgram Program => program;

        public PeerProcess? Process => process;

        public Turn Turn { get; set; } = null!;

        public bool IsDefault => program.Settings == ComparisonDocument.Default;

        public long? PeakBytes
        {
            get => _peakBytes ?? process?.PeakBytes;
            set => _peakBytes = _peakBytes is { } known && value is { } another ? Math.Max(known, another) : value;
        }
    }
}
