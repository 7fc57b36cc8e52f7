using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EDA.Bench.Kernels;
using EDA.Bench.Steps;
using EDA.Host.Devices;
using EDA.Host.Reports;

namespace EDA.Bench.Comparison;

/// <summary>How much is compared.</summary>
/// <param name="Rounds">How often each program has its turn.</param>
/// <param name="BlockSeconds">What a turn of the engine takes at least.</param>
/// <param name="Size">How large steps are.</param>
/// <param name="Small">Whether the references are to use their small sizes too.</param>
/// <param name="Steps">The rows that are wanted, of <see cref="ComparisonRun.Names"/>.</param>
internal sealed record ComparisonSize(int Rounds, double BlockSeconds, WorkloadSize Size, bool Small, IReadOnlyCollection<string> Steps);

/// <summary>
/// Runs a comparison. Each step has fresh processes, one a program, which wait for their turns: the engine between two turns of
/// the peak, then each reference, round after round, so that whatever else the machine does slows all sides alike. Times are each
/// process's own, medians of rounds; memory is the most that the process ever held.
/// </summary>
internal sealed class ComparisonRun
{
    // As a reference's default settings are only quoted, fewer turns do.
    private const int DefaultRounds = 2;

    // One that takes so many times as long as the engine is timed once: more turns say nothing more.
    private const double Hopeless = 20;

    // A recipe takes seconds, and its parts have rows of their own.
    private const int RecipeRounds = 3;

    // A reference whose threads wait in a busy loop does so for milliseconds after its turn.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    /// <summary>The rows that there can be.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. StepSource.Names, SmokeRecipe.Name];

    private readonly PeerProgram _engine;
    private readonly IReadOnlyList<(PeerProgram Best, PeerProgram? Default)> _references;
    private readonly DeviceChoice _device;
    private readonly ComparisonSize _size;
    private readonly TextWriter _output;
    private readonly List<ComparisonRow> _rows = [];
    private readonly List<ComparisonRow> _defaults = [];
    private readonly List<ComparedStep> _steps = [];
    private readonly List<ComparedMemory> _memory = [];
    private readonly List<ComparedProgram> _programs = [];
    private string _arithmetic = string.Empty;

    public ComparisonRun(PeerProgram engine, IReadOnlyList<(PeerProgram Best, PeerProgram? Default)> references, DeviceChoice device, ComparisonSize size, TextWriter output) =>
        (_engine, _references, _device, _size, _output) = (engine, references, device, size, output);

    /// <summary>Compares everything.</summary>
    /// <returns>The comparison.</returns>
    /// <exception cref="PeerException">A program failed.</exception>
    public ComparisonDocument Run()
    {
        foreach (string name in StepSource.Names.Where(_size.Steps.Contains))
            Step(name);
        if (_size.Steps.Contains(SmokeRecipe.Name))
            Smoke();
        double[] peaks = [.. _steps.Select(step => step.PeakGflops).OfType<double>()];
        double? peak = peaks.Length > 0 ? Statistics.Median(peaks) : null;
        return new ComparisonDocument(_rows, _defaults, _steps, _memory, _programs, peak, _arithmetic, _size.Rounds, ProgramVersion.System);
    }

    private void Step(string name)
    {
        var sides = new List<Side>();
        try
        {
            foreach (var program in Programs())
                sides.Add(new Side(program, new PeerProcess(program)));
            var engine = sides[0];
            // Once to compile and load, once to see how long it takes; then a block, as it will be timed.
            engine.Process.Run(name, 1);
            var (first, work) = engine.Process.Run(name, 1);
            int count = (int)Math.Clamp(Math.Ceiling(_size.BlockSeconds / Math.Max(first, 1e-6)), 1, 1000);
            foreach (var side in sides.ToList())
            {
                if ((side == engine ? first : Begin(side, name)) is not { } begun)
                {
                    sides.Remove(side);
                    side.Process.Dispose();
                    continue;
                }

                Meet(side.Program, side.Process);
                double once = IsUnfair(side.Program) ? begun : side.Process.Run(name, 1).Seconds;
                side.IsTimedOnce = side != engine && (IsUnfair(side.Program) || once > Hopeless * first);
                if (side.IsTimedOnce)
                    side.Seconds.Add(once);
                else if (first * count < 1)
                    side.Process.Run(name, count);
            }

            double gflops = 0;
            for (int round = 0; round < _size.Rounds; round++)
            {
                foreach (var side in sides.Where(side => !side.IsTimedOnce && (round < DefaultRounds || !side.IsDefault)))
                {
                    Thread.Sleep(Pause);
                    if (side == engine)
                        Peak();
                    side.Seconds.Add(side.Process.Run(name, count).Seconds);
                    if (side == engine)
                        Peak();
                }
            }

            _steps.Add(new ComparedStep(name, What(name), work, gflops, work / gflops / 1e9));
            Add(name, sides, work / gflops / 1e9);

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
                side.Process.Dispose();
        }
    }

    // What a reference cannot do it is left out of, with its reason.
    private double? Begin(Side side, string name)
    {
        try
        {
            return side.Process.Run(name, 1).Seconds;
        }
        catch (PeerException error)
        {
            _output.WriteLine($"{name} is without {ComparisonPage.ProgramTitle(side.Program.Name)}{(side.IsDefault ? " as it comes" : string.Empty)}: {error.Message}");
            return null;
        }
    }

    /// <summary>The recipe: a fresh process each time, from its start to its last weights.</summary>
    private void Smoke()
    {
        using var recipe = new SmokeRecipe(_device, _size.Small);
        var sides = new List<Side>();
        foreach (var program in Programs().Where(program => program.Name is "eda" or ReferencePrograms.PyTorch))
        {
            var side = new Side(program, null!);
            try
            {
                Whole(side, recipe);
                sides.Add(side);
            }
            catch (PeerException error) when (program != _engine)
            {
                _output.WriteLine($"{SmokeRecipe.Name} is without {program.Name}: {error.Message}");
            }
        }

        // Medians of three bear the first, which finds files and programs outside the system's cache.
        for (int round = 1; round < Math.Min(_size.Rounds, RecipeRounds); round++)
        {
            foreach (var side in sides.Where(side => !side.IsDefault))
                Whole(side, recipe);
        }

        _steps.Add(new ComparedStep(SmokeRecipe.Name, recipe.What, null, null, null));
        Add(SmokeRecipe.Name, sides, null);
    }

    private void Whole(Side side, SmokeRecipe recipe)
    {
        long start = Stopwatch.GetTimestamp();
        using var process = new PeerProcess(side.Program);
        Meet(side.Program, process);
        process.Ask(new JsonObject { ["stages"] = side.Program == _engine ? recipe.EngineStages() : recipe.ReferenceStages() });
        side.Seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        side.PeakBytes = process.PeakBytes;
    }

    private void Add(string name, List<Side> sides, double? floor)
    {
        var engine = sides[0];
        double seconds = engine.Median;
        foreach (var side in sides)
            _memory.Add(new ComparedMemory(name, side.Program.Name, side.Program.Settings, side.PeakBytes));
        var others = sides.Skip(1).ToArray();
        if (!others.Any(side => !side.IsDefault))
            _rows.Add(new ComparisonRow(name, seconds, null, null, null, floor / seconds));
        foreach (var side in others)
            (side.IsDefault ? _defaults : _rows).Add(new ComparisonRow(name, seconds, side.Program.Name, side.Median, side.Median / seconds, floor / seconds));
        string times = string.Join("  ", others.Select(side => string.Create(CultureInfo.InvariantCulture, $"{side.Program.Name}{(side.IsDefault ? " (default)" : string.Empty)} {ComparisonPage.Time(side.Median)}, {side.Median / seconds:0.00} ×")));
        string share = floor is null ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" {floor / seconds * 100:0} % of peak");
        _output.WriteLine($"{name,-18} eda {ComparisonPage.Time(seconds)}{share}  {times}");
    }

    private string What(string name) => name switch
    {
        "pretraining_step" => string.Create(CultureInfo.InvariantCulture, $"batch {_size.Size.PretrainingRows}"),
        "alignment_step" => string.Create(CultureInfo.InvariantCulture, $"{_size.Size.AlignmentStates} × {_size.Size.Candidates}"),
        "score" => string.Create(CultureInfo.InvariantCulture, $"{_size.Size.ScoreRows} points"),
        "sampling" => string.Create(CultureInfo.InvariantCulture, $"{_size.Size.SampleStates} × {_size.Size.Candidates}, 15 evaluations"),
        _ => string.Create(CultureInfo.InvariantCulture, $"batch {CriticWorkload.PublishedRows}"),
    };

    private IEnumerable<PeerProgram> Programs() =>
        [_engine, .. _references.Select(reference => reference.Best), .. _references.Select(reference => reference.Default).OfType<PeerProgram>()];

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
            _output.WriteLine($"unfair: {blas.Remedy}");
    }

    private bool IsUnfair(PeerProgram program) => _programs.Any(known => known.Program == program.Name && known.Settings == program.Settings && known.Unfair);

    private sealed class Side(PeerProgram program, PeerProcess process)
    {
        private long? _peakBytes;

        public PeerProgram Program => program;

        public PeerProcess Process => process;

        public List<double> Seconds { get; } = [];

        public bool IsTimedOnce { get; set; }

        public bool IsDefault => program.Settings == ComparisonDocument.Default;

        public double Median => Statistics.Median(Seconds);

        public long? PeakBytes
        {
            get => _peakBytes ?? process?.PeakBytes;
            set => _peakBytes = _peakBytes is { } known && value is { } another ? Math.Max(known, another) : value;
        }
    }
}
