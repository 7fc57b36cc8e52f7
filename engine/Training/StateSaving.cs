using System.Diagnostics;
using EDA.Kernels;

namespace EDA.Engine.Training;

/// <summary>
/// Runs a stage of training so that its state is on disk whatever ends it: every ten minutes, and at the end. Only after a
/// divergence, or a failure of the device, is nothing saved, since there is nothing to go on from; the state of up to ten
/// minutes before stays.
/// </summary>
internal static class StateSaving
{
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(10);

    /// <summary>Runs a stage.</summary>
    /// <param name="stage">Whose reports are the moments to save at.</param>
    /// <param name="save">Writes the state, or says that it cannot be gone on from at this moment.</param>
    /// <param name="run">Runs the stage.</param>
    public static void Run(TrainingStage stage, Func<bool> save, Action run)
    {
        var sinceSaved = Stopwatch.StartNew();
        stage.Reported += SaveInTime;
        try
        {
            run();
        }
        catch (Exception failure) when (failure is not (TrainingDivergedException or DeviceException { HasFailed: true }))
        {
            try
            {
                save();
            }
            catch (IOException)
            {
                // A full disk, most likely: what ended the stage matters more.
            }

            throw;
        }
        finally
        {
            stage.Reported -= SaveInTime;
        }

        save();

        void SaveInTime()
        {
            if (sinceSaved.Elapsed >= _interval && save())
                sinceSaved.Restart();
        }
    }
}
