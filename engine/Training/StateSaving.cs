using System.Diagnostics;
using EDA.Engine.Files;
using EDA.Kernels;

namespace EDA.Engine.Training;

/// <summary>How often, and on what condition, the state of work under way is saved.</summary>
/// <param name="Interval">The most seconds of work between two savings; 0 saves after every step.</param>
/// <param name="Before">Called before each saving; throws where the folder is another process's by now. Null for nothing.</param>
public sealed record SavingSettings(double Interval, Action? Before = null);

/// <summary>
/// Runs work so that its state is on disk whatever ends it: every so many seconds, and at the end. Only after a
/// divergence, or a failure of the device, is nothing saved, since there is nothing to go on from; the state that was
/// saved last stays.
/// </summary>
internal static class StateSaving
{
    /// <summary>Runs a stage that trains.</summary>
    /// <param name="stage">Whose steps are the moments to save at.</param>
    /// <param name="settings">How often.</param>
    /// <param name="save">Writes the state, or says that it cannot be gone on from at this moment.</param>
    /// <param name="run">Runs the stage.</param>
    /// <param name="measurement">What is measured along its steps, saved with it; null for nothing.</param>
    public static void Run(TrainingStage stage, SavingSettings settings, Func<bool> save, Action run, IStepMeasurement? measurement = null)
    {
        long saved = stage.Step > 0 ? stage.Step : -1;
        Run(settings, Save, timed =>
        {
            stage.Stepped += AfterStep;
            stage.Measure = measurement is null ? null : () => measurement.Measure(timed);
            try
            {
                run();
            }
            finally
            {
                stage.Stepped -= AfterStep;
                stage.Measure = null;
            }

            // The last step's is saved when all that the stage has to report is reported.
            void AfterStep()
            {
                if (stage.Step < stage.Steps)
                    timed();
            }
        });

        bool Save()
        {
            // First, so that with the state of a step there is never what was measured of it before it was trained again.
            measurement?.Save();
            if (stage.Step != saved && !save())
                return false;
            saved = stage.Step;
            return true;
        }
    }

    /// <summary>Runs any work.</summary>
    /// <param name="settings">How often.</param>
    /// <param name="save">Writes the state, or says that it cannot be gone on from at this moment.</param>
    /// <param name="run">Runs the work, and calls what it is given wherever its state may be saved.</param>
    public static void Run(SavingSettings settings, Func<bool> save, Action<Action> run)
    {
        var sinceSaved = Stopwatch.StartNew();
        try
        {
            run(SaveInTime);
        }
        catch (Exception failure) when (failure is not (TrainingDivergedException or DeviceException { HasFailed: true } or LostFolderException))
        {
            try
            {
                Save();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or TrainingDivergedException)
            {
                // A full disk, most likely: what ended the work matters more.
            }

            throw;
        }

        Save();

        void SaveInTime()
        {
            if (sinceSaved.Elapsed.TotalSeconds >= settings.Interval && Save())
                sinceSaved.Restart();
        }

        bool Save()
        {
            settings.Before?.Invoke();
            return save();
        }
    }
}
