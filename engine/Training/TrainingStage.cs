using System.Diagnostics;
using EDA.Engine.Checkpoints;
using EDA.Kernels;

namespace EDA.Engine.Training;

/// <summary>
/// A stage that trains, with one seed or with several side by side: its steps, reports of the means since the last,
/// cancellation, divergence. Nothing but the means of a report crosses from the device. A stage that derives from this
/// takes a step, and reads top to bottom like its section of the method.
/// </summary>
public abstract class TrainingStage : IDisposable
{
    private readonly IDevice _device;
    private readonly string[] _names;
    private readonly int _reportEvery;
    private readonly int _models;
    private readonly DeviceArray<float> _measured;
    private readonly DeviceArray<float> _means;
    private readonly float[] _numbers;
    private readonly double?[] _lastLosses;
    private readonly Stopwatch _watch = new();
    private IReadOnlyList<SeedTraining> _seeds = [];
    private bool _isOver;
    private bool _isMeasured;
    private int _stepsInMean;
    private double _learningRate;

    /// <param name="device">Where the steps are taken.</param>
    /// <param name="name">The stage's name.</param>
    /// <param name="steps">The steps of the whole stage.</param>
    /// <param name="reportEvery">Steps from one report to the next.</param>
    /// <param name="names">What a step measures, the loss first.</param>
    /// <param name="models">M, the number of seeds.</param>
    private protected TrainingStage(IDevice device, string name, long steps, int reportEvery, string[] names, int models)
    {
        (_device, Name, Steps, _reportEvery, _names, _models) = (device, name, steps, reportEvery, names, models);
        _numbers = new float[names.Length * models];
        _lastLosses = new double?[models];
        _measured = device.Allocate<float>(_numbers.Length);
        _means = device.Allocate<float>(_numbers.Length);
    }

    /// <summary>The stage's name in reports.</summary>
    public string Name { get; }

    /// <summary>The steps done.</summary>
    public long Step { get; private set; }

    /// <summary>The steps of the whole stage.</summary>
    public long Steps { get; }

    /// <summary>Raised after every step.</summary>
    internal event Action? Stepped;

    /// <summary>Called when a run of steps begins and after every step, see <see cref="IStepMeasurement.Measure"/>; null for nothing.</summary>
    internal Func<bool>? Measure { get; set; }

    /// <summary>The seconds that this run of the stage has taken so far.</summary>
    internal double Seconds => _watch.Elapsed.TotalSeconds;

    /// <summary>Trains one seed until all steps are done, or fewer.</summary>
    /// <param name="observer">Follows the progress; null for none.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <returns>What came out; cancellation is not an error.</returns>
    /// <exception cref="TrainingDivergedException">What a step measured is no longer a number.</exception>
    /// <exception cref="ArgumentException">There are several seeds.</exception>
    public StageResult Run(ITrainingObserver? observer = null, long? until = null, CancellationToken cancellation = default)
    {
        var seed = new SeedTraining(observer);
        Run([seed], until, cancellation);
        return seed.Divergence is null ? seed.Stages[^1] : throw seed.Divergence;
    }

    /// <summary>Trains all seeds until all steps are done, or fewer, or all of them have diverged.</summary>
    /// <param name="seeds">Where each one's training stands; what came out is told to it.</param>
    /// <param name="until">Where to stop, in steps from the very first; null for all.</param>
    /// <param name="cancellation">Ends the run after the step under way.</param>
    /// <exception cref="ArgumentException">There is not one for each model.</exception>
    public void Run(IReadOnlyList<SeedTraining> seeds, long? until = null, CancellationToken cancellation = default)
    {
        Begin(seeds);
        long stop = Math.Min(until ?? Steps, Steps);
        while (Step < stop && !cancellation.IsCancellationRequested && !IsOver)
            Advance();
        End();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether every seed has diverged.</summary>
    internal bool IsOver => _isOver || (_seeds.Count > 0 && _seeds.All(seed => seed.Divergence is not null));

    /// <summary>Begins a run of steps, which <see cref="End"/> ends.</summary>
    internal void Begin(IReadOnlyList<SeedTraining> seeds)
    {
        if (seeds.Count != _models)
            throw new ArgumentException($"{seeds.Count} seeds where {_models} are trained", nameof(seeds));
        _seeds = seeds;
        _watch.Restart();
        foreach (var seed in seeds)
            seed.StageStarted(Name, Step, Steps);
        _isOver = seeds.All(seed => seed.Divergence is not null);
        _isMeasured = Measure?.Invoke() ?? true;
    }

    /// <summary>Takes one step, and reports where it is time to.</summary>
    internal void Advance()
    {
        _learningRate = TakeStep(Step, _measured);
        Step++;
        if (_stepsInMean == 0)
        {
            // Averaged with weight 0, a number that is none would stay.
            Array.Clear(_numbers);
            _means.CopyFrom(_numbers);
        }

        _device.Vector.PolyakAverage(new() { Target = _means, Source = _measured, Rate = 1f / ++_stepsInMean });
        if (Step % _reportEvery == 0 || Step == Steps)
            Report();
        _isMeasured = Measure?.Invoke() ?? true;
        Stepped?.Invoke();
    }

    /// <summary>
    /// Ends a run of steps. What has not been reported waits for the steps that will come, so that a run that is
    /// interrupted reports what one that is not does. The last step is done when it is measured.
    /// </summary>
    internal void End()
    {
        if (_stepsInMean > 0)
            EndMean();
        _device.Synchronize();
        double seconds = _watch.Elapsed.TotalSeconds;
        long done = _isMeasured ? Step : Math.Min(Step, Math.Max(0, Steps - 1));
        for (int m = 0; m < _models; m++)
            _seeds[m].StageFinished(new StageResult(Name, done, Steps, seconds, _lastLosses[m]));
        _seeds = [];
    }

    /// <summary>Takes one step of all models and leaves what it measured on the device.</summary>
    /// <param name="step">0 for the first.</param>
    /// <param name="measured">Overwritten [names×M].</param>
    /// <returns>The learning rate of the step.</returns>
    private protected abstract double TakeStep(long step, DeviceArray<float> measured);

    /// <summary>What each seed's steps have measured since the last report.</summary>
    private protected IReadOnlyList<ReportMeans?> Reports
    {
        get
        {
            if (_stepsInMean == 0)
                return new ReportMeans?[_models];
            _means.CopyTo(_numbers);
            return [.. Enumerable.Range(0, _models).Select(m => new ReportMeans(_stepsInMean, [.. _names.Select((_, i) => _numbers[(i * _models) + m])]))];
        }
    }

    /// <summary>Goes on from another step, and from what each seed's steps had measured there since the last report.</summary>
    private protected void Restart((long Step, IReadOnlyList<ReportMeans?> Reports) state)
    {
        Step = state.Step;
        Array.Clear(_lastLosses);
        _stepsInMean = state.Reports.All(report => report is { Steps: > 0 } && report.Means.Length == _names.Length) ? state.Reports[0]!.Steps : 0;
        if (_stepsInMean == 0)
            return;
        for (int i = 0; i < _names.Length; i++)
        {
            for (int m = 0; m < _models; m++)
                _numbers[(i * _models) + m] = state.Reports[m]!.Means[i];
        }

        _means.CopyFrom(_numbers);
    }

    /// <summary>Gives arrays back.</summary>
    /// <param name="disposing">True.</param>
    protected virtual void Dispose(bool disposing)
    {
        _measured.Dispose();
        _means.Dispose();
    }

    private void EndMean()
    {
        if (Step == Steps)
        {
            Report();
            return;
        }

        _means.CopyTo(_numbers);
        for (int m = 0; m < _models; m++)
        {
            _lastLosses[m] = _numbers[m];
            DivergeWhereNotANumber(m);
        }
    }

    private void Report()
    {
        _means.CopyTo(_numbers);
        _stepsInMean = 0;
        double seconds = _watch.Elapsed.TotalSeconds;
        for (int m = 0; m < _models; m++)
        {
            var metrics = new Metric[_names.Length + 1];
            for (int i = 0; i < _names.Length; i++)
                metrics[i] = new Metric(_names[i], _numbers[(i * _models) + m]);
            metrics[^1] = new Metric("learning_rate", _learningRate);
            _lastLosses[m] = metrics[0].Value;
            if (!DivergeWhereNotANumber(m))
                _seeds[m].Progress(new TrainingProgress(Name, Step, Steps, seconds, metrics));
        }

        _isOver = _seeds.All(seed => seed.Divergence is not null);
    }

    private bool DivergeWhereNotANumber(int model)
    {
        for (int i = 0; i < _names.Length; i++)
        {
            float number = _numbers[(i * _models) + model];
            if (float.IsFinite(number))
                continue;
            _seeds[model].Diverged(new TrainingDivergedException(Name, Step, number));
            return true;
        }

        return false;
    }
}
